/** The example that the page shows: yours come from your own server. */
module.exports = {
  'resume-1': { name: '王阿姨', years: 8, skills: '月嫂、育儿、家常菜' },
};
