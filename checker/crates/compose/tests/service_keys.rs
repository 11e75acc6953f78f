//! Key by key: what Docker Compose 2.40.3 refuses, and what its model shows of what it takes. Each row was asked of it.

use compose::{Loaded, MemoryReader, Request, load};
use serde_json::Value;

/// A row is a whole file, or the lines of one service called `a`.
fn read(row: &str) -> Loaded {
    let text = match row.contains("services:") {
        true => row.to_string(),
        false => format!(
            "services:\n  a:\n    image: x\n    {}\n",
            row.replace('\n', "\n    ")
        ),
    };
    let reader = MemoryReader::new([("compose.yaml", text.as_str())]);
    let request = Request {
        folder_name: "shop".into(),
        ..Request::default()
    };
    load(&reader, &request)
}

#[test]
fn what_compose_refuses_is_refused_at_its_place() {
    for (row, code, path) in [
        // Numbers that cannot be negative.
        (
            "deploy: {update_config: {parallelism: -1}}",
            "out-of-range",
            "services.a.deploy.update_config.parallelism",
        ),
        (
            "deploy: {restart_policy: {max_attempts: -1}}",
            "out-of-range",
            "services.a.deploy.restart_policy.max_attempts",
        ),
        (
            "healthcheck: {retries: '-1'}",
            "out-of-range",
            "services.a.healthcheck.retries",
        ),
        (
            "ports: [{target: -1}]",
            "out-of-range",
            "services.a.ports.0.target",
        ),
        // A text counts as the number it says, and then has to fit.
        ("cpu_percent: '1.5'", "bad-number", "services.a.cpu_percent"),
        (
            "cpu_percent: '101'",
            "out-of-range",
            "services.a.cpu_percent",
        ),
        // Digits alone where Compose reads the number itself.
        ("ports: [80.0]", "wrong-type", "services.a.ports.0"),
        ("expose: [1e3]", "wrong-type", "services.a.expose.0"),
        ("group_add: [1.5]", "wrong-type", "services.a.group_add.0"),
        (
            "ulimits: {nofile: 1.0}",
            "wrong-type",
            "services.a.ulimits.nofile",
        ),
        (
            "gpus: [{count: 1.0}]",
            "wrong-type",
            "services.a.gpus.0.count",
        ),
        (
            "configs: [{source: c, mode: 440.0}]",
            "wrong-type",
            "services.a.configs.0.mode",
        ),
        // Texts where Compose reads none, although its schema takes them.
        (
            "build: {ulimits: {nofile: '5'}}",
            "wrong-type",
            "services.a.build.ulimits.nofile",
        ),
        (
            "volumes: [{type: tmpfs, target: /t, tmpfs: {mode: '0777'}}]",
            "wrong-type",
            "services.a.volumes.0.tmpfs.mode",
        ),
        (
            "build: {additional_contexts: {base: 5}}",
            "wrong-type",
            "services.a.build.additional_contexts.base",
        ),
        (
            "storage_opt: {size: 1.5}",
            "wrong-type",
            "services.a.storage_opt.size",
        ),
        // Sizes and numbers out of all bounds.
        ("mem_limit: '1  g'", "bad-size", "services.a.mem_limit"),
        ("cpus: .inf", "bad-number", "services.a.cpus"),
        ("cpus: '1e39'", "bad-number", "services.a.cpus"),
        // Names.
        ("labels: {'': x}", "bad-name", "services.a.labels."),
        (
            "extra_hosts: {'a:b': 1.2.3.4}",
            "bad-host",
            "services.a.extra_hosts.a:b",
        ),
        (
            "extra_hosts: ['=1.2.3.4']",
            "bad-host",
            "services.a.extra_hosts.0",
        ),
        ("pid: null", "wrong-type", "services.a.pid"),
        ("env_file: ['']", "file-not-found", "services.a.env_file.0"),
        (
            "services:\n  a: {image: x}\nnetworks: {n: {external: maybe}}",
            "bad-boolean",
            "networks.n.external",
        ),
        (
            "services:\n  a: {image: x}\nvolumes: {v: {labels: [a=b, a=b]}}",
            "repeated-item",
            "volumes.v.labels.1",
        ),
        // Between brackets `?` and a `:` at the start are marks, and `\/` is no escape.
        (
            "command: [curl, http://x/?a=b]",
            "yaml-syntax",
            "services.a.command.1",
        ),
        ("dns: [::1]", "yaml-syntax", "services.a.dns.0"),
        (r#"user: "a\/b""#, "yaml-syntax", "services.a.user"),
        ("\tservices:\n  a: {image: x}", "tab-indentation", ""),
        (
            "labels: {on: 2024-01-01}",
            "date-not-text",
            "services.a.labels.on",
        ),
        (
            "hostname: 18446744073709551615",
            "wrong-type",
            "services.a.hostname",
        ),
    ] {
        let loaded = read(row);
        let found: Vec<(&str, &str)> = loaded
            .errors()
            .map(|finding| (finding.code, finding.path.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(found.first(), Some(&(code, path)), "{row}: {found:?}");
        assert!(loaded.errors().all(|finding| finding.span.is_some()));
    }
}

#[test]
fn what_compose_takes_is_shown_as_it_shows_it() {
    for (row, path, expected) in [
        // Numbers as text.
        (
            "labels: {a: 1234567.5}",
            "services.a.labels.a",
            r#""1.2345675e+06""#,
        ),
        (
            "labels: {a: 100000.0}",
            "services.a.labels.a",
            r#""100000""#,
        ),
        (
            "environment: {A: 18446744073709551615}",
            "services.a.environment.A",
            r#""18446744073709551615""#,
        ),
        (
            "mem_limit: '1_000k'",
            "services.a.mem_limit",
            r#""1024000""#,
        ),
        ("cpus: '1_0'", "services.a.cpus", "10"),
        // A size that is too large to count comes out as the least number.
        (
            "shm_size: 8589934592g",
            "services.a.shm_size",
            r#""-9223372036854775808""#,
        ),
        // Compose's model has no place for these.
        (
            "pull_refresh_after: 1h",
            "services.a.pull_refresh_after",
            "null",
        ),
        (
            "services:\n  a: {image: x, networks: [n]}\nnetworks: {n: {ipam: {options: {a: b}}}}",
            "networks.n.ipam",
            "{}",
        ),
        ("gpus: [{foo: 1}]", "services.a.gpus", r#"[{"count":-1}]"#),
        // Devices of `blkio_config` are shown whole.
        (
            "blkio_config: {device_read_bps: [{path: /dev/sda, rate: 0}], weight_device: [{}]}",
            "services.a.blkio_config",
            r#"{"device_read_bps":[{"Path":"/dev/sda","Rate":"0"}],"weight_device":[{"Path":"","Weight":0}]}"#,
        ),
        // `scale` and `deploy.replicas` say the same thing.
        (
            "scale: 2\ndeploy: {mode: replicated}",
            "services.a.deploy.replicas",
            "2",
        ),
        // Published ports are compared as they are written.
        (
            "ports: [{target: 80, published: 80}, {target: 80, published: '80'}]",
            "services.a.ports.1.published",
            r#""80""#,
        ),
        (
            "ports: ['80-81-99/udp/x']",
            "services.a.ports.1.protocol",
            r#""udp""#,
        ),
        // A backslash takes the next character as it is.
        (
            r#"command: a\n "b\t""#,
            "services.a.command",
            r#"["an","bt"]"#,
        ),
        ("extra_hosts: {a: []}", "services.a.extra_hosts", "[]"),
        (
            "extra_hosts: ['a:[]', 'b:[::1]']",
            "services.a.extra_hosts",
            r#"["a=[]","b=::1"]"#,
        ),
        (
            "volumes: [{type: bind, source: ./s, target: ''}]",
            "services.a.volumes.0.target",
            r#"".""#,
        ),
        (
            "services:\n  a: {provider: {type: p, options: {a: [], b: [1]}}}",
            "services.a.provider.options",
            r#"{"b":["1"]}"#,
        ),
        (
            "services:\n  a: {image: x, configs: [c]}\nconfigs: {c: {file: ''}}",
            "configs.c.file",
            r#"".""#,
        ),
        // The empty profile is active when none is asked for.
        ("profiles: ['']", "services.a.image", r#""x""#),
        (
            "env_file: [{path: none.env, format: odd, required: false}]",
            "services.a.env_file",
            "null",
        ),
        // `x-` starts an extension in a mapping, and not in a list.
        (
            "labels: {x-b: , x-a: 1, c: d}",
            "services.a.labels",
            r##"{"#extensions":"map[x-a:1 x-b:<nil>]","c":"d"}"##,
        ),
        ("labels: [x-a=1]", "services.a.labels", r#"{"x-a":"1"}"#),
        // Comments without a space before them, texts in quotes that go on at any column, `\'` between double quotes, and
        // tabs between brackets.
        (
            "ports: ['80:80'#web\n  , '90'#x\n]#y",
            "services.a.ports.1.target",
            "90",
        ),
        (
            "services:\n  a:\n    image: x\n    user: \"a\n  b\"\n    hostname: 'c\nd'",
            "services.a",
            r#"{"command":null,"entrypoint":null,"hostname":"c d","image":"x","networks":{"default":null},"user":"a b"}"#,
        ),
        (r#"user: "it\'s""#, "services.a.user", r#""it's""#),
        (
            "command: [\n\t'a',\n\tb]",
            "services.a.command",
            r#"["a","b"]"#,
        ),
        // Dates are taken below `x-` alone.
        (
            "services:\n  a: {image: x, x-since: 2024-01-01}\nx-since: [2024-1-2]",
            "x-since",
            r#"["2024-01-02T00:00:00Z"]"#,
        ),
    ] {
        let loaded = read(row);
        let project = loaded
            .project
            .unwrap_or_else(|| panic!("{row} is refused: {:?}", loaded.findings));
        let model = project.to_json();
        let shown = path
            .split('.')
            .fold(&model, |value, key| match key.parse::<usize>() {
                Ok(index) => &value[index],
                Err(_) => &value[key],
            });
        let expected: Value = serde_json::from_str(expected).expect("the table holds JSON");
        assert_eq!(*shown, expected, "{row}");
    }
}
