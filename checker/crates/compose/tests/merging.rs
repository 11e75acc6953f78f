//! How files meet: several of them, documents, `!reset` and `!override`, `extends` and `include`.

use compose::{Loaded, MemoryReader, Request, Step};
use serde_json::{Value, json};

/// Loads `files`; the first that are called `compose.yaml` and `over.yaml` are named to the loader, in that order.
fn load(files: &[(&str, &str)]) -> Loaded {
    let named = ["compose.yaml", "over.yaml"].into_iter();
    let named = named.filter(|name| files.iter().any(|(file, _)| file == name));
    let request = Request {
        files: named.map(String::from).collect(),
        folder_name: "shop".into(),
        environment: [("SET".to_string(), "value".to_string())].into(),
        ..Request::default()
    };
    compose::load(&MemoryReader::new(files.iter().copied()), &request)
}

/// What the model says at `path`; null when there is nothing.
fn value(loaded: &Loaded, path: &str) -> Value {
    let findings = &loaded.findings;
    let project = loaded.project.as_ref();
    let project = project.unwrap_or_else(|| panic!("{findings:#?}"));
    project
        .root()
        .get(path)
        .map_or(Value::Null, |node| node.to_json())
}

/// Code, path and text of the first error.
fn refusal(loaded: &Loaded) -> (&'static str, &str, &str) {
    let Some(error) = loaded.errors().next() else {
        panic!("it loads: {:?}", loaded.project);
    };
    let span = error.span.expect("an error has a place");
    (
        error.code,
        error.path.as_deref().unwrap_or(""),
        loaded.sources.text(span),
    )
}

/// A service called `web` with one line, and below it what that line needs.
fn web(line: &str) -> String {
    format!("services:\n  web:\n    image: nginx\n    {line}\n  db: {{image: postgres}}\n")
}

#[test]
fn a_later_file_meets_an_earlier_one_as_in_compose() {
    for (key, earlier, later, expected) in [
        (
            "logging",
            "{driver: a, options: {x: y}}",
            "{driver: b}",
            json!({"driver": "b"}),
        ),
        (
            "logging",
            "{driver: a, options: {x: y}}",
            "{options: {z: q}}",
            json!({"driver": "a", "options": {"x": "y", "z": "q"}}),
        ),
        (
            "extra_hosts",
            "{a: 1.1.1.1}",
            "['a=1.1.1.1', 'b=2.2.2.2']",
            json!(["a=1.1.1.1", "b=2.2.2.2"]),
        ),
        (
            "environment",
            "[A=1, B=2]",
            "{A: 3}",
            json!({"A": "3", "B": "2"}),
        ),
        ("environment", "{A: 1}", "[A]", json!({"A": null})),
        ("group_add", "[1]", "['1']", json!(["1", "1"])),
    ] {
        let loaded = load(&[
            ("compose.yaml", &web(&format!("{key}: {earlier}"))),
            (
                "over.yaml",
                &format!("services: {{web: {{{key}: {later}}}}}"),
            ),
        ]);
        assert_eq!(
            value(&loaded, &format!("services.web.{key}")),
            expected,
            "{key}: {earlier} and {later}"
        );
    }
}

#[test]
fn what_compose_cannot_merge_is_refused_where_it_stands() {
    for (earlier, later, expected) in [
        (
            web("logging: {driver: a}"),
            "services: {web: {logging: }}",
            ("cannot-merge", "services.web.logging", ""),
        ),
        (
            web("logging: {driver: a}"),
            "services: {web: {logging: {driver: }}}",
            ("wrong-type", "services.web.logging.driver", "driver"),
        ),
        (
            web("extra_hosts: {a: 1.1.1.1}"),
            "services: {web: {extra_hosts: {b: }}}",
            ("bad-host", "services.web.extra_hosts.1", ""),
        ),
        (
            web("group_add: ['1']"),
            "services: {web: {group_add: [1]}}",
            ("repeated-item", "services.web.group_add.1", "1"),
        ),
        (
            web("") + "volumes: {data: {labels: {a: b}}}",
            "volumes: {data: {labels: [a=b]}}",
            ("repeated-item", "volumes.data.labels.a", "a"),
        ),
        (
            web(""),
            "services:\n",
            ("wrong-type", "services", "services"),
        ),
        (
            web(""),
            "!reset {services: {}}",
            ("not-a-mapping", "", "{services: {}}"),
        ),
    ] {
        let loaded = load(&[("compose.yaml", &earlier), ("over.yaml", later)]);
        assert_eq!(refusal(&loaded), expected, "{earlier} and {later}");
    }
}

#[test]
fn pools_of_addresses_meet_each_other_in_compose_s_own_order() {
    let network = |pools: &str| format!("networks: {{default: {{ipam: {{config: {pools}}}}}}}\n");
    let (one, two) = ("{subnet: 10.0.0.0/8}", "{subnet: 11.0.0.0/8}");
    for (earlier, later, expected) in [
        (
            format!("[{one}]"),
            format!("[{two}]"),
            json!(["11.0.0.0/8"]),
        ),
        (
            format!("[{one}]"),
            format!("[{one}, {two}]"),
            json!(["10.0.0.0/8", "11.0.0.0/8"]),
        ),
        (
            format!("[{one}, {two}]"),
            format!("[{one}, {two}]"),
            json!(["11.0.0.0/8", "11.0.0.0/8"]),
        ),
    ] {
        let loaded = load(&[
            ("compose.yaml", &(web("") + &network(&earlier))),
            ("over.yaml", &network(&later)),
        ]);
        let pools = value(&loaded, "networks.default.ipam.config");
        let pools = pools.as_array().into_iter().flatten();
        let subnets: Value = pools.map(|pool| pool["subnet"].clone()).collect();
        assert_eq!(subnets, expected, "{earlier} and {later}");
    }
}

#[test]
fn reset_takes_out_what_has_a_name_in_compose() {
    for (earlier, later, path, expected) in [
        (
            "environment: {A: 1, B: 2}",
            "environment: {A: !reset }",
            "environment",
            json!({"B": "2"}),
        ),
        // An item `A=1` of a list has no name.
        (
            "environment: [A=1]",
            "environment: {A: !reset }",
            "environment",
            json!({"A": "1"}),
        ),
        (
            "environment: {A: 1, B: 2}",
            "environment: {'*': !reset }",
            "environment",
            Value::Null,
        ),
        (
            "volumes: [{type: bind, source: /a, target: /a, read_only: true}]",
            "volumes: [{type: bind, source: /b, target: /b, read_only: !reset true}]",
            "volumes.0.read_only",
            json!(true),
        ),
        ("scale: 2", "scale: !override 3", "scale", json!(3)),
        (
            "command: [a]",
            "command: !override null",
            "command",
            json!(["null"]),
        ),
        (
            "ports: ['80:80']",
            "ports: !override ['81:81']",
            "ports.0.target",
            json!(81),
        ),
    ] {
        let loaded = load(&[
            ("compose.yaml", &web(earlier)),
            ("over.yaml", &format!("services: {{web: {{{later}}}}}")),
        ]);
        let found = value(&loaded, &format!("services.web.{path}"));
        assert_eq!(found, expected, "{earlier} and {later}");
    }
}

#[test]
fn reset_beside_a_merge_key_leaves_what_the_merge_key_brings() {
    let base = "services: {web: {image: first, ports: ['80']}}";
    for merged in [
        "{<<: &x {ports: ['81']}, image: second, ports: !reset []}",
        "{ports: !reset [], image: second, <<: [{ports: ['81']}, {ports: ['82']}]}",
    ] {
        let over = format!("services: {{web: {merged}}}");
        let loaded = load(&[("compose.yaml", base), ("over.yaml", &over)]);
        let targets =
            [0, 1].map(|index| value(&loaded, &format!("services.web.ports.{index}.target")));
        assert_eq!(targets, [json!(81), Value::Null], "{merged}");
    }
}

#[test]
fn reset_within_an_anchored_value_acts_where_it_is_written_and_not_where_it_is_repeated() {
    let common = "x-common: &common {ports: !reset [], restart: always}\n";
    let loaded = load(&[
        ("compose.yaml", &web("ports: ['80:80']")),
        (
            "over.yaml",
            &format!("{common}services: {{web: {{<<: *common}}}}"),
        ),
    ]);
    assert_eq!(value(&loaded, "services.web.ports.0.target"), 80);
    assert_eq!(value(&loaded, "services.web.restart"), "always");
    let loaded = load(&[
        ("compose.yaml", &web("ports: ['80:80']")),
        (
            "over.yaml",
            "x-none: &none !reset []\nservices: {web: {ports: *none}}",
        ),
    ]);
    assert_eq!(value(&loaded, "services.web.ports"), Value::Null);
}

#[test]
fn a_service_after_a_merge_in_extends_has_pairs_without_names() {
    let base = "services:\n  base: {image: nginx, environment: {A: 1}}\n  web:\n    extends: base\n    environment: {B: 2}\n";
    let loaded = load(&[
        ("compose.yaml", base),
        (
            "over.yaml",
            "services: {web: {environment: {A: !reset }}, base: {environment: {A: !reset }}}",
        ),
    ]);
    assert_eq!(value(&loaded, "services.web.environment.A"), "1");
    assert_eq!(value(&loaded, "services.base.environment"), Value::Null);
}

#[test]
fn of_an_extended_file_every_service_needs_the_right_form() {
    let extending = "services: {web: {extends: {file: base.yaml, service: base}}}";
    for (other, path) in [
        ("bad: {ports: x}", "services.bad.ports"),
        ("bad: {build: []}", "services.bad.build"),
        ("bad: {depends_on: }", "services.bad.depends_on"),
    ] {
        let base = format!("services: {{base: {{image: nginx}}, {other}}}");
        let loaded = load(&[("compose.yaml", extending), ("base.yaml", &base)]);
        let (code, found, _) = refusal(&loaded);
        assert_eq!((code, found), ("wrong-type", path), "{other}");
    }
    // What only validation would mind, nobody looks at.
    let base = "services: {base: {image: nginx}, other: {prots: 1, restart: 5}}\nunknown: 1";
    let loaded = load(&[("compose.yaml", extending), ("base.yaml", base)]);
    assert_eq!(value(&loaded, "services.web.image"), "nginx");
    let loaded = load(&[
        ("compose.yaml", extending),
        ("base.yaml", "services: {base: text}"),
    ]);
    assert_eq!(refusal(&loaded), ("wrong-type", "services.base", "text"));
    let no_file = "services: {web: {extends: {file: , service: base}}, base: {image: nginx}}";
    let loaded = load(&[("compose.yaml", no_file)]);
    assert_eq!(value(&loaded, "services.web.image"), "nginx");
}

#[test]
fn nothing_in_an_extended_file_meets_what_extends_it() {
    for (key, base, own, expected) in [
        ("dns", "", "[1.1.1.1]", Some(json!(["1.1.1.1"]))),
        (
            "extra_hosts",
            "",
            "['a=1.1.1.1']",
            Some(json!(["a=1.1.1.1"])),
        ),
        ("environment", "", "[A=1]", Some(json!({"A": "1"}))),
        ("environment", "", "", Some(Value::Null)),
        ("environment", "[A=1]", "", Some(json!({"A": "1"}))),
        ("logging", "", "{driver: a}", None),
        ("build", "", ".", None),
        ("restart", "", "always", Some(json!("always"))),
        ("restart", "", "", None),
    ] {
        let extending = format!(
            "services: {{web: {{extends: {{file: base.yaml, service: base}}, {key}: {own}}}}}"
        );
        let base = format!("services: {{base: {{image: nginx, {key}: {base}}}}}");
        let loaded = load(&[("compose.yaml", &extending), ("base.yaml", &base)]);
        match expected {
            Some(expected) => assert_eq!(value(&loaded, &format!("services.web.{key}")), expected),
            None => assert!(loaded.project.is_none(), "{key}: {base} and {own}"),
        }
    }
}

#[test]
fn include_ignores_what_compose_ignores_there() {
    let inc = ("inc.yaml", "services: {inc: {image: nginx}}");
    for include in [
        "[{path: inc.yaml, note: mine, x-a: 1}]",
        "[{path: inc.yaml, env_file: , project_directory: }]",
        "[inc.yaml, null, {}]",
        "[{path: inc.yaml, env_file: /dev/null}]",
    ] {
        let main = format!("include: {include}\nservices: {{web: {{image: nginx}}}}");
        let loaded = load(&[("compose.yaml", &main), inc]);
        assert_eq!(value(&loaded, "services.inc.image"), "nginx", "{include}");
    }
    let loaded = load(&[("compose.yaml", "include:\nservices: {web: {image: nginx}}")]);
    assert_eq!(value(&loaded, "services.web.image"), "nginx");
}

#[test]
fn included_twice_is_once_when_both_say_the_same_in_the_same_form() {
    for (one, two, is_refused) in [
        (
            "volumes: {v: {labels: [a=b, c=d]}}",
            "volumes: {v: {labels: [a=b, c=d]}}",
            false,
        ),
        (
            "volumes: {v: {labels: [a=b, c=d]}}",
            "volumes: {v: {labels: [c=d, a=b]}}",
            true,
        ),
        (
            "volumes: {v: {labels: [a=b]}}",
            "volumes: {v: {labels: {a: b}}}",
            true,
        ),
        (
            "volumes: {v: {labels: {a: b, c: d}}}",
            "volumes: {v: {labels: {c: d, a: b}}}",
            false,
        ),
    ] {
        let loaded = load(&[
            (
                "compose.yaml",
                "include: [one.yaml, two.yaml]\nservices: {web: {image: nginx}}",
            ),
            ("one.yaml", one),
            ("two.yaml", two),
        ]);
        assert_eq!(loaded.project.is_none(), is_refused, "{one} and {two}");
    }
    // A path of an included file has been looked up when the two meet, so it has lost its `./`.
    for (file, is_refused) in [("./key", true), ("key", false)] {
        let main = format!(
            "include: [inc.yaml]\nservices: {{web: {{image: nginx}}}}\nsecrets: {{key: {{file: {file}}}}}"
        );
        let inc = ("inc.yaml", "secrets: {key: {file: ./key}}");
        let loaded = load(&[("compose.yaml", &main), inc]);
        assert_eq!(loaded.project.is_none(), is_refused, "{file}");
    }
}

#[test]
fn variables_of_an_included_file_fill_a_list_and_leave_a_mapping_alone() {
    for (environment, expected) in [("[A, SET]", json!("inner")), ("{A: , SET: }", Value::Null)] {
        let inc = format!("services: {{inc: {{image: nginx, environment: {environment}}}}}");
        let loaded = load(&[
            ("compose.yaml", "include: [sub/inc.yaml]"),
            ("sub/inc.yaml", &inc),
            ("sub/.env", "A=inner\n"),
        ]);
        assert_eq!(
            value(&loaded, "services.inc.environment.A"),
            expected,
            "{environment}"
        );
        assert_eq!(value(&loaded, "services.inc.environment.SET"), "value");
    }
}

#[test]
fn values_that_were_merged_keep_where_they_are_written_and_what_they_replaced() {
    let loaded = load(&[
        (
            "compose.yaml",
            "services:\n  web:\n    extends: {file: sub/base.yaml, service: base}\n",
        ),
        (
            "sub/base.yaml",
            "services:\n  base:\n    image: nginx\n    build: ./app\n    environment: [A=1]\n",
        ),
        ("over.yaml", "services: {web: {environment: {A: 2}}}"),
    ]);
    let root = loaded.project.as_ref().expect("it loads").root();
    let place = |path: &str| {
        let node = root.get(path).unwrap_or_else(|| panic!("{path}"));
        let position = loaded.sources.position(node.span());
        let file = &loaded.sources.get(node.span().source).path;
        (
            format!("{file}:{}:{}", position.line, position.column),
            &node.origin.steps,
        )
    };
    let (context, steps) = place("services.web.build.context");
    assert_eq!(context, "sub/base.yaml:4:12");
    assert!(
        matches!(
            &steps[..],
            [
                Step::ShortForm,
                Step::RelativePath,
                Step::Extended { .. },
                Step::RelativePath
            ]
        ),
        "{steps:?}"
    );
    assert_eq!(value(&loaded, "services.web.build.context"), "./sub/app");
    let (variable, steps) = place("services.web.environment.A");
    assert_eq!(variable, "over.yaml:1:35");
    let [Step::MergedOver { previous }] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(loaded.sources.text(*previous), "1");
}
