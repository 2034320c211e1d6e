//! The rules of dependency and the habits that a compiler does not keep.
//!
//! Reads the sources as text and the manifests through `cargo metadata`; runs nothing of Trawl. A
//! rule that fails names every file that breaks it. That a failed call or server does become data
//! (R6) is behaviour, and is tested in `execute/parallel.rs` and `pipeline.rs`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::imports::paths;
use crate::sources::{Source, all, root, under};

const CORE: &str = "src-tauri/crates/core/src/";
const STEPS: [&str; 5] = ["initialize", "discover", "plan", "execute", "synthesize"];

/// Fails with every place where `wrong` finds something.
fn none(sources: impl IntoIterator<Item = Source>, wrong: impl Fn(&Source) -> Vec<String>) {
    let found: Vec<String> = sources
        .into_iter()
        .flat_map(|source| {
            let path = source.path.clone();
            wrong(&source).into_iter().map(move |what| format!("{path}: {what}"))
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Lines of code in which one of `words` stands as a word of its own.
fn naming(source: &Source, words: &[&str]) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    source
        .code()
        .filter(|line| line.split(|c| !is_part(c)).any(|word| words.contains(&word)))
        .map(str::to_owned)
        .collect()
}

/// What a package of this workspace depends on itself, tests included.
fn dependencies(package: &str) -> BTreeSet<String> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|p| p["name"] == package).unwrap();
    let names = package["dependencies"].as_array().unwrap().iter();
    names.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn r1_the_core_knows_neither_the_window_nor_the_command_line() {
    none(under(CORE, "rs"), |source| naming(source, &["tauri", "clap"]));
    for package in ["trawl-core", "trawl-stories"] {
        let names = dependencies(package);
        assert!(names.iter().all(|name| !name.starts_with("tauri")), "{package}: {names:?}");
        assert!(names.iter().all(|name| !name.starts_with("clap")), "{package}: {names:?}");
    }
    assert!(!dependencies("trawl-cli").iter().any(|name| name.starts_with("tauri")));
    assert!(!dependencies("trawl-desktop").contains("clap"));
}

#[test]
fn r2_protocols_are_known_in_one_place_each() {
    let allowed = ["mcp.rs", "mcp/"].map(|place| format!("{CORE}{place}"));
    let outside = |source: &Source| {
        !allowed.iter().any(|place| source.path.starts_with(place.as_str()))
            && !source.path.starts_with("src-tauri/crates/stories/")
    };
    none(under("src-tauri/", "rs").into_iter().filter(outside), |s| naming(s, &["rmcp"]));

    let allowed = ["llm.rs", "llm/", "mcp/"].map(|place| format!("{CORE}{place}"));
    let outside =
        |source: &Source| !allowed.iter().any(|place| source.path.starts_with(place.as_str()));
    none(under("src-tauri/", "rs").into_iter().filter(outside), |s| naming(s, &["reqwest"]));
    let addresses = ["api.openai.com", "api.anthropic.com", "/chat/completions", "/api/chat"];
    let llm = format!("{CORE}llm");
    none(under("src-tauri/", "rs").into_iter().filter(|s| !s.path.starts_with(&llm)), |source| {
        let lines = source.code().filter(|line| addresses.iter().any(|a| line.contains(a)));
        lines.map(str::to_owned).collect()
    });
}

/// What steps hand each other are nouns in files of their own.
#[test]
fn r3_steps_do_not_know_each_other() {
    for step in STEPS {
        let own = [format!("{CORE}{step}.rs"), format!("{CORE}{step}/")];
        let sources = under(CORE, "rs");
        let of_step = sources.into_iter().filter(|s| own.iter().any(|o| s.path.starts_with(o)));
        none(of_step, |source| {
            let code: String = source.code().collect::<Vec<_>>().join("\n");
            let others = STEPS.iter().copied().filter(|other| *other != step);
            others.chain(["pipeline"]).flat_map(|other| reached(&code, other)).collect()
        });
    }
}

/// What the code reaches of a module below the crate's root.
fn reached(code: &str, module: &str) -> Vec<String> {
    let paths = paths(code).into_iter();
    let below = paths.map(|path| path.trim_start_matches("super::").replacen("crate::", "", 1));
    below.filter(|path| path.split("::").next() == Some(module)).collect()
}

#[test]
fn r4_one_file_of_the_page_talks_to_the_window() {
    let others = under("ui/", "js").into_iter().filter(|source| source.path != "ui/api.js");
    none(others, |source| naming(source, &["__TAURI__", "__TAURI_INTERNALS__"]));
}

#[test]
fn r5_a_trait_has_two_implementations() {
    let sources = all("rs");
    let code: String = sources.iter().flat_map(|s| s.code().map(|l| format!("{l}\n"))).collect();
    none(sources, |source| {
        let traits = source.code().filter_map(|line| {
            let line = line.trim_start();
            let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
            let name = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("trait ")?;
            name.split(|c: char| !c.is_alphanumeric()).next()
        });
        traits
            .filter(|name| {
                let implemented = |l: &&str| {
                    l.trim_start().starts_with("impl") && l.contains(&format!("{name} for "))
                };
                code.lines().filter(implemented).count() < 2
            })
            .map(|name| format!("trait {name} has fewer than two implementations"))
            .collect()
    });
}

/// Steps give back what they found, with what failed in it; only the pipeline knows the end of a run.
#[test]
fn r6_no_step_can_end_a_run() {
    let ending = ["RunError", "EventKind::Failed", "EventKind::Finished", "EventKind::Cancelled"];
    for step in STEPS {
        let main = format!("{CORE}{step}.rs");
        let own = [main.clone(), format!("{CORE}{step}/")];
        let sources = under(CORE, "rs");
        let of_step: Vec<Source> = sources
            .into_iter()
            .filter(|source| own.iter().any(|own| source.path.starts_with(own)))
            .collect();
        let found = of_step.iter().find(|source| source.path == main).unwrap();
        let code = found.code().collect::<Vec<_>>().join("\n");
        // `synthesize` is two functions, one for each writer.
        let names = if step == "synthesize" { vec!["list", "found"] } else { vec![step] };
        for name in names {
            let start = code.find(&format!("fn {name}(")).expect("the step's own function");
            let signature = code[start..].split('{').next().unwrap();
            assert!(!signature.contains("Result<"), "{step}: {signature}");
        }
        none(of_step, |source| {
            let lines = source.code().filter(|line| ending.iter().any(|end| line.contains(end)));
            lines.map(str::to_owned).collect()
        });
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let sources = ["rs", "js", "css", "html"].into_iter().flat_map(all);
    none(sources, |source| {
        let lines = source.text.lines().count();
        let long = (lines > 400).then(|| format!("{lines} lines"));
        let is_rust = Path::new(&source.path).extension().is_some_and(|kind| kind == "rs");
        let silent = (is_rust && !source.text.starts_with("//!")).then(|| "no module doc".into());
        let nameless = source.path.ends_with("/mod.rs").then(|| "named mod.rs".into());
        [long, silent, nameless].into_iter().flatten().collect()
    });
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
    ];
    none(["rs", "js", "css", "html", "toml"].into_iter().flat_map(all), |source| {
        let lines = source.text.lines();
        lines.filter(|l| marks.iter().any(|m| l.contains(m))).map(str::to_owned).collect()
    });
}

#[test]
fn names_say_what_a_thing_is() {
    let vague = ["Manager", "Service", "Helper", "Util", "Utils"];
    none(under("src-tauri/", "rs"), |source| {
        let definitions = source.code().filter(|line| {
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let defines = words.any(|w| matches!(w, "struct" | "enum" | "trait" | "mod" | "type"));
            let name = words.next().unwrap_or_default();
            defines && vague.iter().any(|end| name.ends_with(end))
        });
        definitions.map(str::to_owned).collect()
    });
}

#[test]
fn the_top_level_holds_nothing_else() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src-tauri",
        "ui",
        "tests",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
    ];
    let listed = Command::new("git").args(["ls-files"]).current_dir(root()).output();
    let tracked = listed.ok().filter(|output| output.status.success()).map(|output| {
        let files = String::from_utf8(output.stdout).unwrap();
        files.lines().filter_map(|file| file.split('/').next()).map(str::to_owned).collect()
    });
    // Not a clone: what lies there, builds aside.
    let names: BTreeSet<String> = tracked.unwrap_or_else(|| {
        let entries = std::fs::read_dir(root()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "target").collect()
    });
    let others: Vec<_> = names
        .iter()
        .filter(|name| !name.starts_with('.') && !allowed.contains(&name.as_str()))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(Path::new(&root()).join("ui/index.html").is_file());
}

#[test]
fn every_way_to_another_step_is_found() {
    for fine in
        ["use crate::planner; fn plan() {} plan()", "use super::planned::plan;", "plan::x()"]
    {
        assert_eq!(reached(fine, "plan"), Vec::<String>::new(), "{fine}");
    }
    for wrong in [
        "crate::plan::plan(x)",
        "use crate::plan::Task;",
        "use crate::{event::X, plan::choose};",
        "use crate::{\n    event::{A, B},\n    plan::{Task},\n};",
        "use crate::plan; plan::plan()",
        "use crate::plan as p; p::plan()",
        "use crate::{event::X, plan}; plan::plan()",
        "use crate::plan::{self}; plan::plan()",
        "use crate::plan::*; plan()",
        "use super::super::plan; plan::plan()",
    ] {
        assert_eq!(reached(wrong, "plan").len(), 1, "{wrong}");
    }
}

/// A key of a test that is written into the person's keychain stays there.
#[test]
fn tests_keep_keys_in_memory() {
    let made = [concat!("Models", "::default("), concat!("Agent", "::new(")];
    let others = under("tests/", "rs").into_iter();
    none(others.filter(|source| source.path != "tests/support/keychain.rs"), |source| {
        let lines = source.code().filter(|line| made.iter().any(|made| line.contains(made)));
        lines.map(str::to_owned).collect()
    });
}

/// A command that is missing in one of the three lists is refused, or does not exist, at run time.
#[test]
fn every_command_of_the_window_is_declared_and_allowed() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let quoted = |text: &str| -> BTreeSet<String> {
        text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let build = read("src-tauri/build.rs");
    let declared = build.split("&[\n").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let capability: Value =
        serde_json::from_str(&read("src-tauri/capabilities/main.json")).unwrap();
    let allowed = capability["permissions"].as_array().unwrap().iter();
    let allowed = allowed.map(|name| {
        let name = name.as_str().unwrap();
        name.strip_prefix("allow-").expect("our own commands only").replace('-', "_")
    });
    let window = read("src-tauri/src/lib.rs");
    let handled = window.split("generate_handler![").nth(1).unwrap().split(']').next().unwrap();
    let handled = handled.split(',').filter_map(|path| path.trim().split("::").nth(1));
    assert_eq!(quoted(declared), allowed.collect());
    assert_eq!(quoted(declared), handled.map(str::to_owned).collect());
}
