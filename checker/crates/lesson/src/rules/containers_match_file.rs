//! `containers-match-file`

use compose::{MountKind, Service};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets;

pub const RULE: Rule = Rule {
    name: "containers-match-file",
    what: "Image, command, environment, published ports, mounts and health check of each running container are those that the file says now.",
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
        return Judged::not_seen(
            "there is no container to compare with the file",
            "run `docker compose up -d`",
        );
    }
    Judged::from_mismatches(mismatches)
}

/// What the file says and what the container has.
struct Difference {
    what: String,
    file: String,
    container: String,
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
    let found = format!(
        "{what}: your file says {file}, the container has {has}; it was started from an older file"
    );
    Mismatch::new(spot, found, "a container made from the file as it is now")
        .next("run `docker compose up -d`")
}

fn differences(
    scene: &Scene<'_>,
    service: &Service<'_>,
    container: Container<'_>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(image(service, container));
    differences.extend(command(service, container));
    differences.extend(environment(service, container));
    differences.extend(ports(service, container));
    differences.extend(mounts(scene, service, container));
    differences.extend(health_check(service, container));
    differences
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

fn command(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    let said = service.command()?;
    let has = container.command().unwrap_or_default();
    (said != has).then(|| Difference {
        what: "command".to_owned(),
        file: format!("`{}`", said.join(" ")),
        container: format!("`{}`", has.join(" ")),
    })
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
        if secrets::is_secret_name(name) {
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

/// `bind ./site, read-only`
fn in_words(kind: &str, source: &str, read_only: bool) -> String {
    let access = if read_only { ", read-only" } else { "" };
    format!("{} {source}", kind).trim_end().to_owned() + access
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
    (said != has).then(|| Difference {
        what: "health check".to_owned(),
        file: format!("`{}`", said.join(" ")),
        container: if has.is_empty() {
            "none".to_owned()
        } else {
            format!("`{}`", has.join(" "))
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{finds, holds, on_containers};

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
