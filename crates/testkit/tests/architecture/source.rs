//! A Rust file as the rules see it: which bytes are code, which strings it holds, which lines are for tests, where
//! each function begins and ends. Not a parser: it knows strings, comments, character literals and brackets, which
//! is all that the rules ask.

use std::{fs, ops::Range, path::Path};

pub struct Source {
    /// Relative to the project's root, with `/`.
    pub path: String,
    pub text: String,
    /// `text` with every comment, string and character literal blanked; the same length, the same lines.
    pub code: String,
    pub strings: Vec<Literal>,
    /// What `#[cfg(test)]` hides from a build, in bytes of `text`.
    tests: Vec<Range<usize>>,
    /// Names of modules declared as `#[cfg(test)] mod name;`, which live in files of their own.
    pub test_modules: Vec<String>,
}

pub struct Literal {
    pub at: usize,
    pub content: String,
}

pub struct Function {
    pub name: String,
    pub at: usize,
    pub lines: usize,
    pub body: Range<usize>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let (code, strings) = blank(text);
        let (tests, test_modules) = test_parts(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, strings, tests, test_modules }
    }

    pub fn line_of(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count()
    }

    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|part| part.contains(&at))
    }

    /// Lines outside `#[cfg(test)]`.
    pub fn production_lines(&self) -> usize {
        let mut start = 0;
        let mut lines = 0;
        for line in self.text.split_inclusive('\n') {
            let blanks = line.len() - line.trim_start().len();
            lines += usize::from(!self.is_test(start + blanks.min(line.len() - 1)));
            start += line.len();
        }
        lines
    }

    /// Where `word` stands in code outside `#[cfg(test)]`, not as a part of a longer name.
    pub fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        words(&self.code, word).filter(|&at| !self.is_test(at))
    }

    /// Functions with a body outside `#[cfg(test)]`, nested ones too.
    pub fn functions(&self) -> Vec<Function> {
        self.words("fn").filter_map(|at| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function> {
        let rest = &self.code[at + 2..];
        let name_at = at + 2 + (rest.len() - rest.trim_start().len());
        let name: String = self.code[name_at..].chars().take_while(|&c| is_name(c)).collect();
        if name.is_empty() {
            return None; // `fn(u8) -> u8` is a type, `fn $name` a macro's pattern
        }
        let open = end_of_head(&self.code, name_at + name.len())?;
        if self.code.as_bytes()[open] == b';' {
            return None;
        }
        let end = matching(&self.code, open)?;
        let lines = 1 + self.line_of(end) - self.line_of(at);
        Some(Function { name, at, lines, body: open..end })
    }
}

/// Every file under `root/folder` whose name `wanted` takes, relative to `root`, in a fixed order. What builds and
/// package managers make is left out.
pub fn files(root: &Path, folder: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let made = ["target", "node_modules", ".git", "dist"].contains(&name.as_str());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !made {
                    folders.push(entry.path());
                }
            } else if wanted(&name) {
                let path = entry.path();
                let path = path.strip_prefix(root).expect("it lies under the root");
                found.push(path.to_str().expect("a path in UTF-8").to_owned());
            }
        }
    }
    found.sort();
    found
}

pub fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The `{` that opens the body or the `;` that stands for it, behind the brackets of the head.
fn end_of_head(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' | b';' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The bracket that closes the one at `open`.
fn matching(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn test_parts(code: &str) -> (Vec<Range<usize>>, Vec<String>) {
    if code.contains("#![cfg(test)]") {
        return (std::iter::once(0..code.len()).collect(), Vec::new());
    }
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut modules = Vec::new();
    for start in ["#[cfg(test)]", "#[cfg(all(test"].into_iter().flat_map(|mark| code.match_indices(mark)) {
        let start = start.0;
        let Some(attribute_end) = matching(code, start + 1) else { continue };
        let Some(head_end) = end_of_head(code, attribute_end + 1) else { continue };
        let end = match code.as_bytes()[head_end] {
            b'{' => matching(code, head_end).unwrap_or(code.len() - 1),
            _ => head_end,
        };
        let head = &code[attribute_end + 1..head_end];
        if let (Some(at), true) = (words(head, "mod").next(), end == head_end) {
            modules.push(head[at + 3..].trim().to_owned());
        }
        parts.push(start..end + 1);
    }
    (parts, modules)
}

/// Blanks what is not code, and hands out the strings.
fn blank(text: &str) -> (String, Vec<Literal>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (length, content) = if rest.starts_with(b"//") {
            (rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with(b"/*") {
            (block_comment(rest), None)
        } else if let Some(hashes) = raw_string(bytes, at) {
            let opened = hashes + 2;
            let closing = format!("\"{}", "#".repeat(hashes));
            let inside = text[at + opened..].find(&closing).unwrap_or(rest.len() - opened);
            (opened + inside + closing.len(), Some(opened..opened + inside))
        } else if rest[0] == b'"' {
            let inside = quoted(&rest[1..], b'"');
            (inside + 2, Some(1..1 + inside))
        } else if let Some(length) = character(&text[at..]) {
            (length, None)
        } else {
            at += 1;
            continue;
        };
        let end = (at + length).min(bytes.len());
        if let Some(inside) = content {
            strings.push(Literal {
                at,
                content: text[at + inside.start..(at + inside.end).min(end)].to_owned(),
            });
        }
        code[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        at = end;
    }
    (String::from_utf8(code).expect("only whole literals and comments were blanked"), strings)
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// How many `#` open the raw string that begins with the `r` at `at`, if one does.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes[at] != b'r' {
        return None;
    }
    let name_before = |n: usize| at >= n && (bytes[at - n].is_ascii_alphanumeric() || bytes[at - n] == b'_');
    let prefixed = at >= 1 && matches!(bytes[at - 1], b'b' | b'c') && !name_before(2);
    if name_before(1) && !prefixed {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|&&b| b == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

/// How many bytes stand before the closing `quote`.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at.min(rest.len())
}

/// The length of the character literal that `rest` begins with; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    if inside.starts_with('\\') {
        return Some(quoted(inside.as_bytes(), b'\'') + 2);
    }
    let c = inside.chars().next()?;
    inside[c.len_utf8()..].starts_with('\'').then_some(c.len_utf8() + 2)
}
