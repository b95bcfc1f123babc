//! The files of `src` → its modules, and the arrows between them: who names whom, on which line.
//!
//! A name that a module only passes on (`pub use`) leads to the module that defines it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::uses::{self, File, Use};

/// A module's names from the root of the crate, which has none.
pub(crate) type Name = Vec<String>;

struct Module {
    file: PathBuf,
    lines: Vec<String>,
    content: File,
}

/// The modules that a build has: those of tests are left out.
pub(crate) struct Modules(BTreeMap<Name, Module>);

/// A module names another.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    pub from: Name,
    pub to: Name,
    /// File, number and text of the line.
    pub line: String,
}

/// How many names may lead from one to the next before a definition is reached.
const PASSED_ON: usize = 8;

impl Modules {
    pub(crate) fn of_folder(src: &Path) -> Self {
        let texts = sources(src).into_iter().map(|path| {
            let text = fs::read_to_string(&path).expect("a source can be read");
            (path.strip_prefix(src).expect("it is below").to_path_buf(), text)
        });
        Self::of_texts(texts)
    }

    /// Paths are relative to `src`.
    pub(crate) fn of_texts(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let all: BTreeMap<Name, Module> = texts
            .into_iter()
            .map(|(file, text)| {
                let lines = text.lines().map(String::from).collect();
                (name_of(&file), Module { file, lines, content: uses::read(&text) })
            })
            .collect();
        let built: Vec<Name> = all.keys().filter(|name| is_built(&all, name)).cloned().collect();
        Self(all.into_iter().filter(|(name, _)| built.contains(name)).collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// The modules right below this one.
    pub(crate) fn children(&self, of: &[String]) -> Vec<&str> {
        let below = self.0.keys().filter(|n| n.len() == of.len() + 1 && n.starts_with(of));
        below.filter_map(|n| n.last()).map(String::as_str).collect()
    }

    /// Every naming of one module by another. A `pub use` of what is below a module is no arrow: it passes a name on.
    pub(crate) fn arrows(&self) -> Vec<Arrow> {
        let mut found = Vec::new();
        for (from, module) in &self.0 {
            for named in &module.content.uses {
                let Some(to) = self.absolute(from, named).and_then(|path| self.home(&path, PASSED_ON)) else {
                    continue;
                };
                if to == *from || to.is_empty() || (named.public && to.starts_with(from)) {
                    continue;
                }
                let text = module.lines.get(named.line - 1).map_or("", |l| l.trim());
                let line = format!("src/{}:{}: {text}", module.file.display(), named.line);
                found.push(Arrow { from: from.clone(), to, line });
            }
        }
        found
    }

    /// The path from the root of the crate; nothing if it leads to another crate, or begins with a name that a `use` brought.
    fn absolute(&self, from: &[String], named: &Use) -> Option<Name> {
        let mut base = [from, &named.inside].concat();
        let (first, mut rest) = named.path.split_first()?;
        match first.as_str() {
            "crate" | "mission_control" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                while let [next, after @ ..] = rest
                    && next == "super"
                {
                    base.pop();
                    rest = after;
                }
            }
            child => {
                base.push(child.into());
                if !self.0.contains_key(&base) {
                    return None;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The module that defines what an absolute path names.
    fn home(&self, path: &[String], more: usize) -> Option<Name> {
        let module = (0..=path.len()).rev().map(|n| &path[..n]).find(|p| self.0.contains_key(*p))?;
        let Some(name) = path.get(module.len()).filter(|_| more > 0) else { return Some(module.to_vec()) };
        let content = &self.0.get(module)?.content;
        let passed = |u: &&Use| u.inside.is_empty() && u.name.as_ref() == Some(name);
        if let Some(found) = content.uses.iter().find(passed) {
            // What another crate defines is as good as defined here.
            let there = self.absolute(module, found).filter(|there| there != path);
            return there.map_or(Some(module.to_vec()), |there| self.home(&there, more - 1));
        }
        if !content.defined.contains(name) {
            for glob in content.uses.iter().filter(|u| u.glob && u.inside.is_empty()) {
                let there = self.absolute(module, glob).and_then(|there| self.home(&there, more - 1));
                let defines = |m: &Name| self.0.get(m).is_some_and(|m| m.content.defined.contains(name));
                if let Some(there) = there.filter(defines) {
                    return Some(there);
                }
            }
        }
        Some(module.to_vec())
    }
}

/// `engine/step.rs` and `engine/step/mod.rs` are `engine::step`; `lib.rs` is the root.
fn name_of(file: &Path) -> Name {
    let mut name: Name =
        file.with_extension("").components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    if matches!(name.last().map(String::as_str), Some("mod" | "lib")) {
        name.pop();
    }
    name
}

/// True if each module on the way to it is declared by the one above it.
fn is_built(all: &BTreeMap<Name, Module>, name: &[String]) -> bool {
    (1..=name.len()).all(|n| {
        let (above, last) = (&name[..n - 1], &name[n - 1]);
        all.get(above).is_some_and(|m| m.content.declared.contains(last))
    })
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[cfg(test)]
pub(crate) fn of_texts(texts: &[(&str, &str)]) -> Modules {
    Modules::of_texts(texts.iter().map(|(path, text)| (PathBuf::from(path), text.to_string())))
}

#[test]
fn an_arrow_leads_to_the_module_that_defines_the_name() {
    let modules = of_texts(&[
        ("lib.rs", "pub mod a; pub mod b;"),
        (
            "a.rs",
            "mod x; pub mod y; #[cfg(test)] mod tests; pub use x::{X, f as g}; pub use y::*; struct Own;",
        ),
        ("a/x.rs", "pub struct X; pub fn f() {}"),
        ("a/y.rs", "pub struct Y;\nuse super::{X, Own};"),
        ("a/tests.rs", "use crate::b::B;"),
        ("b/mod.rs", "use crate::a;\nfn f() { a::y::z(); crate::a::g(); crate::a::Y::new(); std::fs::x() }"),
        ("bin/tool.rs", "use mission_control::b;"),
    ]);
    let arrows = modules.arrows();
    let arrows: Vec<String> =
        arrows.iter().map(|a| format!("{} -> {}", a.from.join("::"), a.to.join("::"))).collect();
    assert_eq!(arrows, ["a::y -> a::x", "a::y -> a", "b -> a", "b -> a::x", "b -> a::y"]);
}
