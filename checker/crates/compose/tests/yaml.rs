//! YAML as Compose's reader takes it, where it differs from what the specification of YAML says or leaves open.

use compose::{Loaded, MemoryReader, Request};
use serde_json::{Value, json};

fn load(text: impl Into<Vec<u8>>) -> Loaded {
    let reader = MemoryReader::new([("compose.yaml", text)]);
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    compose::load(&reader, &request)
}

/// What Compose reads for `x-a`, when the rest of the file is this text.
fn extension(text: &str) -> Value {
    let loaded = load(format!("services: {{web: {{image: nginx}}}}\nx-a:{text}"));
    let findings = loaded.findings;
    let project = loaded
        .project
        .unwrap_or_else(|| panic!("{text:?}: {findings:?}"));
    project.to_json()["x-a"].clone()
}

/// The code of the first finding.
fn refusal(text: &str) -> Option<&'static str> {
    load(text).errors().next().map(|finding| finding.code)
}

#[test]
fn a_block_at_the_end_of_the_file_has_the_line_break_that_is_written() {
    for (text, expected) in [
        (" |\n  a\n", "a\n"),
        (" |\n  a", "a"),
        (" |+\n  a\n  b", "a\nb"),
        (" >\n  a\n  b", "a b"),
        (" |\n  a \n  # b", "a \n# b"),
        (" |\n  a\n  ", "a\n"),
        (" |\n  a\n    ", "a\n  "),
        (" |+\n  ", ""),
        (" |\n  |a", "|a"),
        (" |\n  |a\n  ", "|a\n"),
    ] {
        assert_eq!(extension(text), expected, "{text:?}");
    }
}

#[test]
fn quoted_values_go_on_in_lines_of_any_indentation() {
    for (text, expected) in [
        ("\n  b: 'x\n y'\n  c: d\n", json!({"b": "x y", "c": "d"})),
        ("\n  b: \"x\ny\\\n\n  z\"", json!({"b": "x y\nz"})),
        (
            "\n  - \"x\n\ty\"\n  - 'it''s\n\n- z'\n",
            json!(["x y", "it's\n- z"]),
        ),
        ("\n  b: 'x\n# y: z'\n", json!({"b": "x # y: z"})),
        (
            "\n  b: 'x\n y'\n  c: \"d\n e\"\n",
            json!({"b": "x y", "c": "d e"}),
        ),
    ] {
        assert_eq!(extension(text), expected, "{text:?}");
    }
    for text in [
        "x-a:\n  b: 'x\n--- y'\n",
        "x-a:\n  b: 'x\n y\n",
        "x-a:\n  b: 'x\n c': d\n",
    ] {
        assert_eq!(refusal(text), Some("yaml-syntax"), "{text:?}");
    }
}

#[test]
fn places_stay_right_behind_a_quoted_value_that_was_indented_too_little() {
    let loaded =
        load("x-a:\n  b: 'x\n y\n\nz' # c\nservices:\n  web:\n    image: nginx\n    prots: []\n");
    let places: Vec<_> = loaded
        .errors()
        .filter_map(|finding| finding.span)
        .map(|span| (loaded.sources.text(span), loaded.sources.position(span)))
        .map(|(text, position)| (text, position.line, position.column))
        .collect();
    assert_eq!(places, [("prots", 9, 5)]);
}

#[test]
fn a_tag_decides_what_a_value_is() {
    for (text, expected) in [
        (" !!str 5", json!("5")),
        (" !!int \"5\"", json!(5)),
        (" !!float 5", json!(5)),
        (" !!bool 'true'", json!(true)),
        (" !!null ''", json!(null)),
        (" !!binary aGVsbG8=", json!("hello")),
        (" !!binary aGVsbG8h", json!("hello!")),
        (" !other 5", json!("5")),
        (" ! 5", json!(5)),
        (" ! \"5\"", json!("5")),
    ] {
        assert_eq!(extension(text), expected, "{text:?}");
    }
    for text in [
        "!!int x",
        "!!int 5.0",
        "!!bool yes",
        "!!null x",
        "!!timestamp x",
        "!!binary a",
    ] {
        assert_eq!(
            refusal(&format!("x-a: {text}")),
            Some("yaml-syntax"),
            "{text}"
        );
    }
    for key in [
        "!!int 5",
        "! 5",
        "!!bool 'true'",
        "!!timestamp '2001-01-01'",
    ] {
        let text = format!("services: {{web: {{image: nginx, labels: {{{key}: a}}}}}}");
        assert_eq!(refusal(&text), Some("key-not-text"), "{key}");
    }
}

#[test]
fn dates_are_welcome_below_extensions_only() {
    for (text, expected) in [
        ("2001-01-02", "2001-01-02T00:00:00Z"),
        ("2001-1-2 3:04:05", "2001-01-02T03:04:05Z"),
        (
            "2001-01-02T03:04:05.60+02:00",
            "2001-01-02T03:04:05.6+02:00",
        ),
        ("!!timestamp '2001-01-02'", "2001-01-02T00:00:00Z"),
    ] {
        assert_eq!(extension(&format!(" {text}")), expected, "{text}");
    }
    let used = "x-a: &a 2001-01-02\nservices: {web: {image: nginx, labels: {a: *a}}}";
    assert_eq!(refusal(used), Some("date-not-text"));
}

#[test]
fn a_date_is_printed_so_that_it_is_one_again() {
    let text = "services: {web: {image: nginx}}\nx-a: 2001-01-02\nx-b: \"2001-01-02\"\n";
    let printed = compose::print::yaml(&load(text).project.expect("no findings"));
    assert!(
        printed.ends_with("x-a: 2001-01-02T00:00:00Z\nx-b: \"2001-01-02\"\n"),
        "{printed}"
    );
}

#[test]
fn the_merge_key_may_have_its_tag() {
    let merged = |key: &str| {
        let text = format!("x-a: &a {{image: nginx}}\nservices: {{web: {{{key}: *a}}}}");
        load(text.as_str()).project.is_some()
    };
    assert!(
        ["<<", "!!merge <<", "!!merge \"<<\"", "! <<"]
            .into_iter()
            .all(merged)
    );
    assert!(
        !["\"<<\"", "!!str <<", "!other <<", "!!merge a"]
            .into_iter()
            .any(merged)
    );
}

#[test]
fn lists_of_nothing_in_extensions_are_null_in_json() {
    assert_eq!(
        extension(" {a: [], b: [1, []], c: {}}"),
        json!({"a": null, "b": [1, null], "c": {}})
    );
}

#[test]
fn a_file_in_utf_16_is_read_and_its_places_are_those_of_its_text() {
    let text = "services:\n  web: {image: \"é\", prots: []}\n";
    for (mark, bytes) in [
        ([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ([0xfe, 0xff], u16::to_be_bytes),
    ] {
        let content: Vec<u8> = mark
            .into_iter()
            .chain(text.encode_utf16().flat_map(bytes))
            .collect();
        let loaded = load(content);
        let error = loaded.errors().next().expect("there is a wrong key");
        let span = error.span.expect("it has a place");
        assert_eq!(loaded.sources.text(span), "prots");
        assert_eq!(loaded.sources.position(span).column, 21);
    }
}
