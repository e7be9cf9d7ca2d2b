// What stands under each step: the same thing in an application of one's own, short enough to be read at a glance.

export const BIND = `import { WeChatSettings, WeirProvider } from '@weir/react';

<WeirProvider base="https://weir.example.com" token={() => session.token}>
  <WeChatSettings />
</WeirProvider>`;

export const LOGIN = `const { data } = await get('/api/wechat/authorize-url?redirect=' + page);
location.assign(data.url);
// … and when WeChat sends the person back with a code and the state:
const { data: { user_info } } = await post('/api/wechat/auth', { code, state });`;

export const SHARE = `import { useWeChatShare } from '@weir/react';

const { ready, error } = useWeChatShare({ title: 'A flat with a view', desc: '…' });`;

export const LEAD = `await post('/api/customer/action', {
  customerId: openid, advisorId: 'ADV001', actionType: 'contact_advisor',
  actionData: {}, customerName: 'Bob', customerPhone: '139 0013 9000',
}, { 'Idempotency-Key': crypto.randomUUID() });`;
