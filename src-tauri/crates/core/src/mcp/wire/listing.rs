//! Lists of tools in which one is malformed: that one alone is left out, and said.
//!
//! The protocol library reads a page as a whole, and would refuse all of it.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

/// Characters of a name and of a reason that are told.
const NAME: usize = 100;
const REASON: usize = 200;

/// A page of a list, each tool as it came.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// A page without the tools that cannot be read, and a sentence about each of them; `None` for a page
/// that is good as it is, and for what is no page.
pub(in crate::mcp) fn sifted(result: &str) -> Option<(String, Vec<String>)> {
    let page: Page<'_> = serde_json::from_str(result).ok()?;
    let (mut good, mut left_out) = (Vec::new(), Vec::new());
    for (place, tool) in (1..).zip(&page.tools) {
        match serde_json::from_str::<rmcp::model::Tool>(tool.get()) {
            Ok(_) => good.push(*tool),
            Err(error) => left_out.push(sentence(place, tool, &error)),
        }
    }
    if left_out.is_empty() {
        return None;
    }
    let good = to_raw_value(&good).ok()?;
    let mut whole: IndexMap<Cow<'_, str>, &RawValue> = serde_json::from_str(result).ok()?;
    whole.insert("tools".into(), &good);
    Some((serde_json::to_string(&whole).ok()?, left_out))
}

fn sentence(place: usize, tool: &RawValue, error: &serde_json::Error) -> String {
    let which = match serde_json::from_str::<Named<'_>>(tool.get()) {
        Ok(Named { name }) => format!("\"{}\"", name.chars().take(NAME).collect::<String>()),
        Err(_) => format!("number {place} of its list"),
    };
    let reason = error.to_string();
    // The place in the text says nothing to people.
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let reason: String = reason.chars().take(REASON).collect();
    format!("the tool {which} is left out, since its definition is malformed: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_tool_hides_itself_alone() {
        let good = r#"{"name":"good","inputSchema":{"type":"object"},"more":1.50}"#;
        let crooked = r#"{"name":"crooked","inputSchema":"none"}"#;
        let page = format!(r#"{{"nextCursor":"b","tools":[{crooked},{good},5]}}"#);
        let (rest, left_out) = sifted(&page).unwrap();
        assert_eq!(rest, format!(r#"{{"nextCursor":"b","tools":[{good}]}}"#));
        assert!(left_out[0].starts_with("the tool \"crooked\" is left out"), "{left_out:?}");
        assert!(left_out[1].starts_with("the tool number 3 of its list is left"), "{left_out:?}");
        assert!(!left_out[0].contains("line"), "{left_out:?}");
        for whole in [&format!(r#"{{"tools":[{good}]}}"#), r#"{"tools":[]}"#, "{}", "[]"] {
            assert_eq!(sifted(whole), None, "{whole}");
        }
    }
}
