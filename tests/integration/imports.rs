//! Who imports whom in the core: no file knows one that knows it, directly or through others.
//!
//! A file with its own folder is one thing: what is below it may know it.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::under;

const CORE: &str = "src-tauri/crates/core/src/";

/// Modules by their path from the crate's root, each with its code.
type Modules = BTreeMap<String, String>;

/// Each module with those that it imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn core() -> Modules {
    let sources = under(CORE, "rs").into_iter();
    let named = sources.map(|source| {
        let name = source.path.trim_start_matches(CORE).trim_end_matches(".rs").replace('/', "::");
        let code: Vec<&str> = source.code().collect();
        let code = code.join("\n");
        // Tests may know whom they like.
        let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
        (name, code)
    });
    named.filter(|(name, _)| name != "lib").collect()
}

#[test]
fn no_file_of_the_core_imports_in_a_circle() {
    let modules = core();
    let graph = graph(&modules);
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > 300, "{graph:#?}");
    assert_eq!(circle(&graph), None);
}

#[test]
fn circles_are_found_however_they_are_written() {
    let found = |modules: &[(&str, &str)]| {
        let modules = modules.iter().map(|(name, code)| ((*name).to_owned(), (*code).to_owned()));
        circle(&graph(&modules.collect())).map(|circle| circle.join(" > "))
    };
    assert_eq!(found(&[("a", "use crate::b::B;"), ("b", "")]), None);
    for back in [
        "use crate::a::A;",
        "use crate::{x::Y, a};",
        "fn f() { crate::a::f() }",
        "use super::a::*;",
    ] {
        assert_eq!(
            found(&[("a", "use crate::b::B;"), ("b", back)]).unwrap(),
            "a > b > a",
            "{back}"
        );
    }
    // Through a name that is handed on, and over three files.
    let three =
        [("a", "use crate::b::C;"), ("b", "pub use self::c::C;"), ("b::c", "use crate::a::f;")];
    assert_eq!(found(&three).unwrap(), "a > b::c > a");
    // A file and its own folder.
    assert_eq!(found(&[("a", "use self::b::B;"), ("a::b", "use super::A;")]), None);
    assert_eq!(
        found(&[("a::b", "use super::c::C;"), ("a::c", "use crate::a::b::B;")]).unwrap(),
        "a::b > a::c > a::b"
    );
}

fn graph(modules: &Modules) -> Graph {
    let handed_on = handed_on(modules);
    let imported = |(name, code): (&String, &String)| {
        let known = paths(code).into_iter().filter_map(|path| {
            let other = resolved(&absolute(name, &path), modules, &handed_on)?;
            let is_own = other == *name || name.starts_with(&format!("{other}::"));
            (!is_own).then_some(other)
        });
        (name.clone(), known.collect())
    };
    modules.iter().map(imported).collect()
}

/// Names that a module hands on, each with the place that it has them from.
fn handed_on(modules: &Modules) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, code) in modules {
        for (start, _) in code.match_indices("pub") {
            let rest = &code[start..];
            let Some((visibility, names)) = rest.split_once(" use ") else { continue };
            if visibility.contains(|c: char| c.is_whitespace()) {
                continue;
            }
            for path in unfolded(names) {
                let last = path.rsplit("::").next().unwrap_or_default();
                let from = if path.starts_with("crate::") || path.starts_with("super::") {
                    absolute(name, &path)
                } else {
                    format!("{name}::{}", path.trim_start_matches("self::"))
                };
                found.insert(format!("{name}::{last}"), from);
            }
        }
    }
    found
}

/// The module that a path from the crate's root leads into.
fn resolved(path: &str, modules: &Modules, handed_on: &BTreeMap<String, String>) -> Option<String> {
    let mut path = path.to_owned();
    // A name may be handed on a few times.
    for _ in 0..8 {
        let parts: Vec<&str> = path.split("::").collect();
        let ends = (1..=parts.len()).rev();
        let (end, module) = ends
            .map(|end| (end, parts[..end].join("::")))
            .find(|(_, module)| modules.contains_key(module))?;
        let name = parts.get(end).map(|name| format!("{module}::{name}"));
        match name.and_then(|name| handed_on.get(&name)) {
            Some(from) if *from != path => {
                let tail = parts[end + 1..].iter().map(|part| format!("::{part}"));
                path = format!("{from}{}", tail.collect::<String>());
            }
            _ => return Some(module),
        }
    }
    None
}

/// A path of a module, from the crate's root.
fn absolute(module: &str, path: &str) -> String {
    if let Some(path) = path.strip_prefix("crate::") {
        return path.to_owned();
    }
    let mut base: Vec<&str> = module.split("::").collect();
    let mut path = path.strip_prefix("self::").unwrap_or(path);
    while let Some(rest) = path.strip_prefix("super::") {
        base.pop();
        path = rest;
    }
    base.push(path);
    base.join("::")
}

/// The first way that leads back to where it began.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    graph.keys().find_map(|start| {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in graph.get(way.last()?).into_iter().flatten() {
                let longer = [way.clone(), vec![next.clone()]].concat();
                if next == start {
                    return Some(longer);
                }
                if seen.insert(next.clone()) {
                    ways.push(longer);
                }
            }
        }
        None
    })
}

/// Every path in the code that begins at a module.
pub(crate) fn paths(code: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '$');
    let roots = ["crate::", "super::", "self::"];
    let starts = roots.into_iter().flat_map(|root| code.match_indices(root));
    let starts = starts.filter(|(at, _)| !code[..*at].ends_with(is_part));
    starts.flat_map(|(at, _)| unfolded(&code[at..])).collect()
}

/// The paths at the beginning of a text: `a::{b, c::D}` is `a::b` and `a::c::D`.
fn unfolded(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '*');
    let (head, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    let Some(group) = rest.strip_prefix('{') else { return vec![head.to_owned()] };
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
        match members.last_mut() {
            Some(member) if c != ',' || depth > 0 => member.push(c),
            _ => members.push(String::new()),
        }
    }
    let named = members.iter().map(|member| member.trim()).filter(|member| !member.is_empty());
    named.flat_map(unfolded).map(|tail| format!("{head}{tail}")).collect()
}
