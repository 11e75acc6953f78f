//! `containers-match-file`

use std::time::Duration;

use compose::{MountKind, Service};
use serde::Deserialize;
use serde_json::Value;

use super::container_settings::{self, Difference};
use super::no_nameless_volumes::is_generated;
use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::evidence::ImageSeen;
use crate::live::no_container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::names::is_secret_name;

pub const RULE: Rule = Rule {
    name: "containers-match-file",
    what: "Each container is what the file says now: image, entrypoint, command, environment, published ports, mounts, health check, user, working folder, init, restart policy, capabilities, signal and time to stop; and nothing that was taken out of the file is left.",
    why: "A container keeps what it was made with. Editing the file changes nothing until `docker compose up -d` makes the container anew; `restart` does not.",
    mend: "Run `docker compose up -d`.",
    leave: "Never: a container from an older file makes every other observation about something else.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let mut compared = 0;
    let mut mismatches = Vec::new();
    for service in scene
        .project()
        .into_iter()
        .flat_map(|project| project.services())
    {
        for container in scene.containers(service.name()) {
            compared += 1;
            let differences = differences(scene, &service, container);
            mismatches.extend(
                differences
                    .into_iter()
                    .map(|difference| mismatch(container, difference)),
            );
        }
    }
    if compared == 0 {
        // They run from another folder, or somebody has made one by hand: that can be told.
        let services = scene
            .project()
            .into_iter()
            .flat_map(|project| project.services());
        let strange = services
            .map(|service| no_container(scene, service.name()))
            .find(|_| !scene.evidence.world.strangers.is_empty());
        if let Some(judged) = strange {
            return judged;
        }
        return Judged::not_seen(
            "there is no container to compare with the file",
            "run `docker compose up -d`",
        );
    }
    Judged::from_mismatches(mismatches)
}

fn mismatch(
    container: Container<'_>,
    Difference {
        what,
        file,
        container: has,
    }: Difference,
) -> Mismatch {
    let spot = Spot::Container {
        name: container.name().to_owned(),
        lines: Vec::new(),
    };
    let found =
        format!("{what}: your file says {file}, the container has {has}; it was made before that");
    Mismatch::new(
        spot,
        found,
        "a container made from file and image as they are now",
    )
    .next("run `docker compose up -d`")
}

fn differences(
    scene: &Scene<'_>,
    service: &Service<'_>,
    container: Container<'_>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(image(service, container));
    differences.extend(built_image(scene, service, container));
    // With another image everything that comes from it is another too.
    let of_image = scene
        .image_of(container)
        .filter(|_| differences.is_empty())
        .map(OfImage);
    differences.extend(entrypoint(service, container, of_image));
    differences.extend(command(service, container, of_image));
    differences.extend(environment(service, container));
    differences.extend(ports(service, container));
    differences.extend(mounts(scene, service, container));
    differences.extend(health_check(service, container));
    let config = of_image.and_then(|image| image.0.get("Config"));
    differences.extend(container_settings::differences(service, container, config));
    if let Some(of_image) = of_image
        && !gets_more_than_is_said(scene, service)
    {
        differences.extend(variables_taken_out(service, container, of_image));
        differences.extend(mounts_taken_out(service, container, of_image));
    }
    differences
}

/// What an image gives to its containers unless the file says otherwise.
#[derive(Clone, Copy)]
struct OfImage<'a>(&'a Value);

impl<'a> OfImage<'a> {
    fn field(self, name: &str) -> Option<&'a Value> {
        self.0.get("Config")?.get(name)
    }

    fn words(self, name: &str) -> Vec<&'a str> {
        let words = self.field(name).and_then(Value::as_array);
        words
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    fn sets(self, variable: &str) -> bool {
        let of_name = |entry: &&str| entry.split('=').next() == Some(variable);
        self.words("Env").iter().any(of_name)
    }

    fn declares_volume(self, target: &str) -> bool {
        let volumes = self.field("Volumes").and_then(Value::as_object);
        volumes
            .into_iter()
            .flat_map(|volumes| volumes.keys())
            .any(|volume| volume.trim_end_matches('/') == target)
    }
}

/// Compose and the engine add variables and mounts of their own for some keys.
fn gets_more_than_is_said(scene: &Scene<'_>, service: &Service<'_>) -> bool {
    let keys = [
        "models",
        "volumes_from",
        "use_api_socket",
        "credential_spec",
    ];
    let project = scene.project();
    let mut services = project.into_iter().flat_map(compose::Project::services);
    keys.iter().any(|key| service.node().get(key).is_some())
        || services.any(|service| service.node().get("provider").is_some())
}

fn image(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    let said = service.image()?.as_str()?;
    let plain = |text: &str| match compose::image::ImageReference::parse(text) {
        Ok(reference) => reference.to_string(),
        Err(_) => text.to_owned(),
    };
    (plain(said) != plain(container.image())).then(|| Difference {
        what: "image".to_owned(),
        file: format!("`{said}`"),
        container: format!("`{}`", container.image()),
    })
}

/// What a service builds is part of its answer: the container has to run the newest build.
fn built_image(
    scene: &Scene<'_>,
    service: &Service<'_>,
    container: Container<'_>,
) -> Option<Difference> {
    service.node().get("build")?;
    let reference = crate::image::reference(scene.project()?, service)?;
    let ImageSeen::Present(image) = scene.evidence.world.images.get(&reference)? else {
        return None;
    };
    let (newest, running) = (image.get("Id")?, container.field("Image")?);
    (container.image() == reference && newest != running).then(|| Difference {
        what: "image".to_owned(),
        file: format!("`{reference}`, which was built again since"),
        container: "the one of an earlier build".to_owned(),
    })
}

fn entrypoint(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: Option<OfImage<'_>>,
) -> Option<Difference> {
    let said = match service.entrypoint() {
        Some(said) => said,
        None => owned(of_image?.words("Entrypoint")),
    };
    let said: Vec<_> = said.into_iter().filter(|word| !word.is_empty()).collect();
    let has = container.entrypoint().into_iter();
    let has: Vec<_> = has.filter(|word| !word.is_empty()).collect();
    (said != has).then(|| Difference {
        what: "entrypoint".to_owned(),
        file: in_one_line(&said),
        container: in_one_line(&has),
    })
}

/// Where the file gives no words of a command, the image's own count, unless the file has an entrypoint.
fn command(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: Option<OfImage<'_>>,
) -> Option<Difference> {
    let is_there = |words: &Vec<String>| !words.is_empty();
    let said = match service.command().filter(is_there) {
        Some(said) => said,
        None if service.entrypoint().is_some_and(|words| is_there(&words)) => Vec::new(),
        None => owned(of_image?.words("Cmd")),
    };
    let has = container.command().unwrap_or_default();
    (said != has).then(|| Difference {
        what: "command".to_owned(),
        file: in_one_line(&said),
        container: in_one_line(&has),
    })
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn in_one_line<T: std::borrow::Borrow<str>>(words: &[T]) -> String {
    if words.is_empty() {
        "none".to_owned()
    } else {
        format!("`{}`", words.join(" "))
    }
}

fn environment(service: &Service<'_>, container: Container<'_>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, node) in service.environment_all() {
        // A variable without a value is passed through from the shell that ran `up`: the file does not say it.
        let Some(said) = node.scalar_text() else {
            continue;
        };
        let has = container.environment(name);
        if has == Some(&*said) {
            continue;
        }
        if is_secret_name(name) {
            differences.push(Difference {
                what: name.to_owned(),
                file: "one value".to_owned(),
                container: "another (both are hidden here)".to_owned(),
            });
            continue;
        }
        differences.push(Difference {
            what: name.to_owned(),
            file: format!("`{said}`"),
            container: has.map_or_else(|| "nothing".to_owned(), |has| format!("`{has}`")),
        });
    }
    differences
}

fn variables_taken_out(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: OfImage<'_>,
) -> Vec<Difference> {
    let is_said = |name: &str| service.environment_all().any(|(said, _)| said == name);
    let taken_out = container.environment_all().filter(|(name, _)| {
        !is_said(name) && !of_image.sets(name) && !is_of_the_clients_proxy(name)
    });
    let differences = taken_out.map(|(name, value)| Difference {
        what: name.to_owned(),
        file: "nothing".to_owned(),
        container: if is_secret_name(name) {
            "a value (it is hidden here)".to_owned()
        } else {
            format!("`{value}`")
        },
    });
    differences.collect()
}

/// Docker's client hands the proxies of its own configuration to every container.
fn is_of_the_clients_proxy(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("_proxy")
}

fn ports(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    let mut said = Vec::new();
    for port in service.ports() {
        // A free port or one of a range is the engine's choice, so it cannot differ.
        let fixed = port
            .published
            .as_deref()
            .is_none_or(|published| published.parse::<u16>().is_ok());
        if !fixed {
            return None;
        }
        let published = port.published.clone().unwrap_or_default();
        said.push(mapping(
            port.host_ip.as_deref().unwrap_or_default(),
            &published,
            port.target,
            &port.protocol,
        ));
    }
    let mut has: Vec<_> = container
        .bindings()
        .into_iter()
        .map(|binding| {
            let published = if binding.published == 0 {
                String::new()
            } else {
                binding.published.to_string()
            };
            mapping(
                &binding.address,
                &published,
                binding.port,
                &binding.protocol,
            )
        })
        .collect();
    said.sort();
    has.sort();
    let list = |ports: &[String]| {
        if ports.is_empty() {
            "none".to_owned()
        } else {
            ports.join(", ")
        }
    };
    (said != has).then(|| Difference {
        what: "ports".to_owned(),
        file: list(&said),
        container: list(&has),
    })
}

fn mapping(address: &str, published: &str, port: u16, protocol: &str) -> String {
    let address = if matches!(address, "" | "0.0.0.0") {
        String::new()
    } else {
        format!("{address}:")
    };
    let protocol = if protocol == "tcp" {
        String::new()
    } else {
        format!("/{protocol}")
    };
    format!("{address}{published}:{port}{protocol}")
}

fn mounts(scene: &Scene<'_>, service: &Service<'_>, container: Container<'_>) -> Vec<Difference> {
    let mounted = container.mounts();
    let mut differences = Vec::new();
    for mount in service.mounts() {
        let kind = match mount.kind {
            MountKind::Bind => "bind",
            MountKind::Volume => "volume",
            MountKind::Tmpfs => "tmpfs",
            _ => continue,
        };
        let target = mount.target.trim_end_matches('/');
        let said = mount
            .source
            .as_deref()
            .map(|source| source_name(scene, mount.kind, source));
        let same = mounted
            .iter()
            .find(|mounted| mounted.target.trim_end_matches('/') == target);
        let agrees = same.is_some_and(|mounted| {
            mounted.kind == kind
                && (mount.kind == MountKind::Tmpfs || mounted.read_only == mount.read_only)
                && said.as_deref().is_none_or(|said| {
                    same_source(mount.kind, said, &mounted.source, container.folder())
                })
        });
        if !agrees {
            differences.push(Difference {
                what: format!("mount at {target}"),
                file: in_words(kind, &said.unwrap_or_default(), mount.read_only),
                container: same.map_or_else(
                    || "nothing there".to_owned(),
                    |mounted| in_words(&mounted.kind, &mounted.source, mounted.read_only),
                ),
            });
        }
    }
    differences
}

fn mounts_taken_out(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: OfImage<'_>,
) -> Vec<Difference> {
    let mounts = service.mounts().into_iter().map(|mount| mount.target);
    let mut said: Vec<String> = mounts.map(|target| plain(&target).to_owned()).collect();
    for (key, folder) in [("configs", "/"), ("secrets", "/run/secrets/")] {
        let files = service.node().get(key).and_then(compose::Node::as_sequence);
        said.extend(files.into_iter().flatten().filter_map(|file| {
            let text = |name| file.get(name).and_then(compose::Node::as_str);
            let target = text("target").or(text("source"))?;
            Some(match target.starts_with('/') {
                true => target.to_owned(),
                false => format!("{folder}{target}"),
            })
        }));
    }
    let mounted = container.mounts().into_iter();
    let taken_out = mounted.filter(|mounted| {
        let target = plain(&mounted.target);
        let of_the_image = mounted.kind == "volume" && of_image.declares_volume(target);
        let is_said = said.iter().any(|said| said == target);
        !of_the_image && !is_said
    });
    let differences = taken_out.map(|mounted| Difference {
        what: format!("mount at {}", mounted.target),
        file: "nothing there".to_owned(),
        container: in_words(&mounted.kind, &mounted.source, mounted.read_only),
    });
    differences.collect()
}

fn plain(target: &str) -> &str {
    target.trim_end_matches('/')
}

/// `bind ./site, read-only`
fn in_words(kind: &str, source: &str, read_only: bool) -> String {
    let access = if read_only { ", read-only" } else { "" };
    let source = match is_generated(source) {
        true => "without a name",
        false => source,
    };
    format!("{kind} {source}").trim_end().to_owned() + access
}

/// A named volume carries the project's name on the engine, unless the file gives it a name of its own.
fn source_name(scene: &Scene<'_>, kind: MountKind, source: &str) -> String {
    let named = (kind == MountKind::Volume)
        .then(|| {
            scene
                .project()?
                .root()
                .get(&format!("volumes.\"{source}\".name"))?
                .as_str()
                .map(str::to_owned)
        })
        .flatten();
    named.unwrap_or_else(|| source.to_owned())
}

/// Bind sources are compared below the lesson's folder; Docker Desktop writes a prefix of its own in front.
fn same_source(kind: MountKind, said: &str, has: &str, folder: &str) -> bool {
    if kind != MountKind::Bind || said == has {
        return said == has;
    }
    let parts = |path: &str| -> Vec<String> {
        path.split(['/', '\\'])
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::to_owned)
            .collect()
    };
    let absolute = said.starts_with('/') || said.contains(':');
    let mut expected = if absolute { Vec::new() } else { parts(folder) };
    for part in parts(said) {
        if part == ".." {
            expected.pop();
        } else {
            expected.push(part);
        }
    }
    parts(has).ends_with(&expected)
}

fn health_check(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    let said = service.healthcheck()?;
    let said = if said.disabled {
        vec!["NONE".to_owned()]
    } else {
        said.test
    };
    if said.is_empty() {
        return None;
    }
    let has = container
        .field("Config.Healthcheck.Test")
        .and_then(|test| test.as_array());
    let has: Vec<_> = has
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str())
        .collect();
    if said != has {
        return Some(Difference {
            what: "health check".to_owned(),
            file: format!("`{}`", said.join(" ")),
            container: if has.is_empty() {
                "none".to_owned()
            } else {
                format!("`{}`", has.join(" "))
            },
        });
    }
    health_check_number(service, container)
}

/// A time or a count of the health check that the file names and the container has otherwise. 0 is as if it were not named.
fn health_check_number(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    let said = service.healthcheck()?;
    let nanoseconds = |time: Option<Duration>| time.map(|time| time.as_nanos());
    let numbers = [
        ("interval", "Interval", nanoseconds(said.interval)),
        ("timeout", "Timeout", nanoseconds(said.timeout)),
        (
            "start_period",
            "StartPeriod",
            nanoseconds(said.start_period),
        ),
        (
            "start_interval",
            "StartInterval",
            nanoseconds(said.start_interval),
        ),
        ("retries", "Retries", said.retries.map(u128::from)),
    ];
    numbers.into_iter().find_map(|(key, field, said)| {
        let said = said?;
        let has = container
            .field(&format!("Config.Healthcheck.{field}"))
            .and_then(Value::as_u64)
            .map_or(0, u128::from);
        let shown = |number: u128| match key {
            "retries" => number.to_string(),
            _ => format!("{} s", number as f64 / 1e9),
        };
        (said != has).then(|| Difference {
            what: format!("health check, {key}"),
            file: shown(said),
            container: match has {
                0 => "none".to_owned(),
                has => shown(has),
            },
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evidence::{ContainerSeen, WorldSeen};
    use crate::testing::{finds, holds, on_containers, on_world};

    const FILE: &str = "services:\n  web:\n    image: nginx:1.27\n    command: [serve, fast]\n    environment: {A: one, B: null}\n    \
        ports: ['8080:80', '127.0.0.1:8443:443']\n    volumes: ['./site:/site', 'logs:/logs']\nvolumes: {logs: {}}\nname: shop\n";

    fn container(change: impl FnOnce(&mut Value)) -> Judged {
        let mut inspect = json!({
            "Name": "/shop-web-1",
            "Config": {
                "Image": "nginx:1.27", "Cmd": ["serve", "fast"], "Env": ["A=one", "PATH=/bin"],
                "Labels": {"com.docker.compose.service": "web", "com.docker.compose.project.working_dir": "/home/ada/shop"},
            },
            "HostConfig": {"PortBindings": {
                "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
                "443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8443"}],
            }},
            "Mounts": [
                {"Type": "bind", "Source": "/home/ada/shop/site", "Destination": "/site"},
                {"Type": "volume", "Name": "shop_logs", "Source": "/var/lib/docker/volumes/shop_logs/_data", "Destination": "/logs"},
            ],
        });
        change(&mut inspect);
        on_containers("containers-match-file", Value::Null, FILE, &[inspect])
    }

    #[test]
    fn a_container_made_from_the_file_holds() {
        holds(container(|_| {}));
        holds(container(|inspect| {
            inspect["Config"]["Image"] = json!("docker.io/library/nginx:1.27")
        }));
    }

    #[test]
    fn times_of_a_health_check_are_compared_where_the_file_names_them() {
        let file = "services: {web: {image: x, healthcheck: {test: [CMD, ask], interval: 5s, start_period: 1m}}}";
        let judge = |start_period: u64| {
            let container = json!({
                "Name": "/shop-web-1",
                "Config": {
                    "Image": "x", "Labels": {"com.docker.compose.service": "web"},
                    "Healthcheck": {
                        "Test": ["CMD", "ask"], "Interval": 5_000_000_000_u64,
                        "StartPeriod": start_period, "Retries": 7,
                    },
                },
            });
            on_containers("containers-match-file", Value::Null, file, &[container])
        };
        holds(judge(60_000_000_000));
        finds(
            judge(0),
            "health check, start_period: your file says 60 s, the container has none",
        );
        finds(judge(1_500_000_000), "the container has 1.5 s");
    }

    #[test]
    fn each_difference_is_told_with_both_sides() {
        finds(
            container(|inspect| inspect["Config"]["Image"] = json!("nginx:1.26")),
            "image: your file says `nginx:1.27`, the container has `nginx:1.26`",
        );
        finds(
            container(|inspect| inspect["Config"]["Cmd"] = json!(["serve"])),
            "command: your file says `serve fast`",
        );
        finds(
            container(|inspect| inspect["Config"]["Env"] = json!(["A=two"])),
            "A: your file says `one`, the container has `two`",
        );
        finds(
            container(|inspect| {
                inspect["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"] = json!("8081")
            }),
            "ports: your file says",
        );
        finds(
            container(|inspect| inspect["Mounts"][0]["RW"] = json!(false)),
            "your file says bind ./site, the container has bind /home/ada/shop/site, read-only",
        );
        finds(
            container(|inspect| inspect["Mounts"][1]["Name"] = json!("other_logs")),
            "mount at /logs",
        );
        finds(
            container(|inspect| inspect["Mounts"][0]["Source"] = json!("/home/ada/shop/page")),
            "mount at /site",
        );
    }

    /// A container of an image that brings along a command, a variable and a volume, and that nothing was added to.
    fn plain_container(service: &str, change: impl FnOnce(&mut Value)) -> Judged {
        let mut inspect = json!({
            "Name": "/shop-web-1",
            "Image": "sha256:1",
            "Config": {
                "Image": "x:1", "Cmd": ["own"], "Entrypoint": ["start"], "Env": ["PATH=/bin", "HTTP_PROXY=http://proxy"],
                "Labels": {"com.docker.compose.service": "web"},
            },
            "Mounts": [{"Type": "volume", "Name": "0f", "Destination": "/data"}],
        });
        change(&mut inspect);
        let image = json!({
            "Id": "sha256:1",
            "Config": {"Cmd": ["own"], "Entrypoint": ["start"], "Env": ["PATH=/bin"], "Volumes": {"/data": {}}},
        });
        let world = WorldSeen {
            containers: vec![ContainerSeen {
                inspect,
                last_lines: Vec::new(),
            }],
            images: [("x:1".to_owned(), ImageSeen::Present(image))].into(),
            ..WorldSeen::default()
        };
        let file = format!(
            "services: {{web: {{image: 'x:1'{service}}}}}\nconfigs: {{c: {{content: x}}}}\nname: shop\n"
        );
        on_world("containers-match-file", Value::Null, &file, world)
    }

    #[test]
    fn what_an_image_brings_along_is_no_difference() {
        holds(plain_container("", |_| {}));
        holds(plain_container(", command: []", |_| {}));
        holds(plain_container(", entrypoint: [run]", |inspect| {
            inspect["Config"]["Entrypoint"] = json!(["run"]);
            inspect["Config"]["Cmd"] = Value::Null;
        }));
        holds(plain_container(", entrypoint: ''", |inspect| {
            inspect["Config"]["Entrypoint"] = json!([""]);
        }));
        holds(plain_container(", configs: [c]", |inspect| {
            inspect["Mounts"] =
                json!([{"Type": "bind", "Source": "/tmp/c", "Destination": "/c", "RW": false}]);
        }));
    }

    #[test]
    fn what_was_taken_out_of_the_file_is_told() {
        finds(
            plain_container("", |inspect| inspect["Config"]["Cmd"] = json!(["serve"])),
            "command: your file says `own`, the container has `serve`",
        );
        finds(
            plain_container("", |inspect| {
                inspect["Config"]["Entrypoint"] = json!(["sleep"])
            }),
            "entrypoint: your file says `start`, the container has `sleep`",
        );
        finds(
            plain_container("", |inspect| {
                inspect["Config"]["Env"] = json!(["PATH=/bin", "MODE=fast"])
            }),
            "MODE: your file says nothing, the container has `fast`",
        );
        finds(
            plain_container("", |inspect| {
                inspect["Mounts"] =
                    json!([{"Type": "bind", "Source": "/home/ada/x", "Destination": "/x"}])
            }),
            "mount at /x: your file says nothing there, the container has bind /home/ada/x",
        );
        finds(
            plain_container("", |inspect| {
                let name = "0f".repeat(32);
                inspect["Mounts"] =
                    json!([{"Type": "volume", "Name": name, "Destination": "/cache"}])
            }),
            "the container has volume without a name",
        );
    }

    #[test]
    fn an_image_that_has_moved_on_says_nothing_about_the_container() {
        holds(plain_container("", |inspect| {
            inspect["Image"] = json!("sha256:2");
            inspect["Config"]["Cmd"] = json!(["older"]);
        }));
    }

    #[test]
    fn a_container_of_an_earlier_build_is_told() {
        let judged = |id: &str| {
            let container = json!({
                "Image": "sha256:1",
                "State": {"Status": "running"},
                "Config": {"Image": "shop-web", "Labels": {"com.docker.compose.service": "web"}},
            });
            let image = json!({"Id": id, "Config": {}});
            let world = WorldSeen {
                containers: vec![ContainerSeen {
                    inspect: container,
                    last_lines: Vec::new(),
                }],
                images: [("shop-web".to_owned(), ImageSeen::Present(image))].into(),
                ..WorldSeen::default()
            };
            let file = "name: shop\nservices: {web: {build: .}}\n";
            on_world("containers-match-file", json!({}), file, world)
        };
        holds(judged("sha256:1"));
        finds(judged("sha256:2"), "built again since");
    }

    #[test]
    fn a_bind_source_is_the_same_below_the_folder_wherever_the_folder_is() {
        let same = |said, has| same_source(MountKind::Bind, said, has, "/home/ada/course/04");
        assert!(same("./volumes/etcd", "/home/ada/course/04/volumes/etcd"));
        assert!(same(
            "volumes/etcd",
            "/host_mnt/home/ada/course/04/volumes/etcd"
        ));
        assert!(same("../shared", "/home/ada/course/shared"));
        assert!(!same("./volumes/etcd", "/home/ada/course/04/volumes/minio"));
        assert!(!same("./volumes/etcd", "/home/bob/course/04/volumes/etcd"));
    }

    #[test]
    fn every_address_is_written_in_one_way() {
        assert_eq!(
            mapping("0.0.0.0", "80", 80, "tcp"),
            mapping("", "80", 80, "tcp")
        );
        assert_ne!(
            mapping("127.0.0.1", "80", 80, "tcp"),
            mapping("", "80", 80, "tcp")
        );
    }
}
