//! Answers as servers should not write them, each by its name.

use serde_json::{Value, json};

use super::stream::BAD_BYTE;

/// Every way of answering wrongly, and a word that whoever reads of it must find.
pub const FORMS: [(&str, &str); 13] = [
    ("string_code", "the words"),
    ("name_for_code", "ENOENT"),
    ("no_message", "-32001"),
    ("error_of_words", "the words"),
    ("half_a_character", "half "),
    ("null_result", "null"),
    ("list_for_result", "[1,2]"),
    ("neither", "jsonrpc"),
    ("both", "the words"),
    ("no_number", "NaN"),
    ("half_a_message", "the words"),
    ("bad_bytes_in_an_error", "the words"),
    ("long_error", "the words"),
];

/// The answer to a request, `words` in it where there is place for them.
pub(super) fn answer(id: &Value, form: &str, words: &str) -> String {
    let error = |error: &Value| json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string();
    let text = json!({"type": "text", "text": words});
    match form {
        "string_code" => error(&json!({"code": "-32001", "message": words})),
        "name_for_code" => error(&json!({"code": "ENOENT", "message": words})),
        "no_message" => error(&json!({"code": -32001, "data": words})),
        "error_of_words" => error(&json!(words)),
        "half_a_character" => {
            let words = format!(r#"{{"code":-32001,"message":"half \ud83d {words}"}}"#);
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{words}}}"#)
        }
        "null_result" => json!({"jsonrpc": "2.0", "id": id, "result": null}).to_string(),
        "list_for_result" => json!({"jsonrpc": "2.0", "id": id, "result": [1, 2]}).to_string(),
        "neither" => json!({"jsonrpc": "2.0", "id": id}).to_string(),
        "both" => {
            let error = json!({"code": -32001, "message": words});
            json!({"jsonrpc": "2.0", "id": id, "result": null, "error": error}).to_string()
        }
        "no_number" => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[NaN]}}}}"#),
        "half_a_message" => {
            let whole = json!({"jsonrpc": "2.0", "id": id, "result": {"content": [text]}});
            let whole = whole.to_string();
            whole[..whole.len() - 4].to_owned()
        }
        "bad_bytes_in_an_error" => {
            error(&json!({"code": -32001, "message": format!("{BAD_BYTE} {words}")}))
        }
        "long_error" => error(&json!({"code": -32001, "message": words})),
        // A good answer to the tool's question, if only its bytes were.
        "bad_bytes" => {
            let text = json!({"type": "text", "text": format!("caf{BAD_BYTE} {words}")});
            json!({"jsonrpc": "2.0", "id": id, "result": {"content": [text]}}).to_string()
        }
        // As libraries of JSON-RPC 1.0 do.
        "null_error" => json!({"id": id, "result": {"content": [text]}, "error": null}).to_string(),
        other => panic!("there is no form \"{other}\""),
    }
}
