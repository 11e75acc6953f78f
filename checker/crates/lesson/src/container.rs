//! Reading what the engine says about a container (the body of `GET /containers/{id}/json`).
//!
//! Every reader returns nothing where the engine says nothing: engines from 20.10 on and Podman leave fields out.

use std::time::Duration;

use serde_json::Value;

use crate::evidence::ContainerSeen;

/// A container as the engine describes it.
#[derive(Debug, Clone, Copy)]
pub struct Container<'a> {
    seen: &'a ContainerSeen,
}

/// Status of a container's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Made, and never started.
    Created,
    /// Its process runs.
    Running,
    /// Its processes are frozen.
    Paused,
    /// Its process ended, and a restart policy is about to start it again.
    Restarting,
    /// Its process ended.
    Exited,
    /// Being removed, dead, or a word this program does not know.
    Other,
}

/// What a container's own health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It has none.
    None,
    /// No verdict yet.
    Starting,
    /// The newest probe passed.
    Healthy,
    /// Several probes in a row failed.
    Unhealthy,
}

/// A container port and where on the host it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Container port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Host address; empty where the engine names none.
    pub address: String,
    /// Host port.
    pub published: u16,
}

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// `bind`, `volume`, `tmpfs`.
    pub kind: String,
    /// Path in the container.
    pub target: String,
    /// Host path, or the volume's name.
    pub source: String,
    /// Whether the container cannot write to it.
    pub read_only: bool,
}

impl<'a> Container<'a> {
    /// Reads this container.
    pub fn new(seen: &'a ContainerSeen) -> Self {
        Self { seen }
    }

    /// A field by path, as `HostConfig.Memory`.
    pub fn field(self, path: &str) -> Option<&'a Value> {
        at(&self.seen.inspect, path)
    }

    fn text(self, path: &str) -> &'a str {
        self.field(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// A label's value, or the empty text.
    fn label(self, name: &str) -> &'a str {
        let labels = self
            .field("Config.Labels")
            .and_then(|labels| labels.get(name));
        labels.and_then(Value::as_str).unwrap_or_default()
    }

    /// Name without the leading slash.
    pub fn name(self) -> &'a str {
        self.text("Name").trim_start_matches('/')
    }

    /// The Compose service it was made for.
    pub fn service(self) -> &'a str {
        self.label("com.docker.compose.service")
    }

    /// The folder it was started from.
    pub fn folder(self) -> &'a str {
        self.label("com.docker.compose.project.working_dir")
    }

    /// Status of its process.
    pub fn status(self) -> Status {
        match self.text("State.Status") {
            "created" | "initialized" | "configured" => Status::Created,
            "running" => Status::Running,
            "paused" => Status::Paused,
            "restarting" => Status::Restarting,
            "exited" | "stopped" => Status::Exited,
            _ => Status::Other,
        }
    }

    /// Exit code of its last process.
    pub fn exit_code(self) -> Option<i64> {
        self.field("State.ExitCode").and_then(Value::as_i64)
    }

    /// Whether the kernel killed it for want of memory.
    pub fn out_of_memory(self) -> bool {
        self.field("State.OOMKilled")
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// The engine's words where it could not start it, as for a port that is taken.
    pub fn start_error(self) -> &'a str {
        self.text("State.Error")
    }

    /// How long it has been running at `now`.
    pub fn running_for(self, now: jiff::Timestamp) -> Option<Duration> {
        since(self.text("State.StartedAt"), now)
    }

    /// How long ago it ended at `now`.
    pub fn ended_before(self, now: jiff::Timestamp) -> Option<Duration> {
        since(self.text("State.FinishedAt"), now)
    }

    /// How long ago it became what it is: healthy, ended or started.
    pub fn last_change_before(self, now: jiff::Timestamp) -> Option<Duration> {
        match (self.status(), self.health()) {
            (Status::Running, Health::Healthy) => {
                // The engine keeps the last five probes. Where all of them passed it has been healthy for longer than that.
                let log = self.field("State.Health.Log")?.as_array()?;
                let passed =
                    |probe: &&Value| probe.get("ExitCode").and_then(Value::as_i64) == Some(0);
                let passing = log.iter().rev().take_while(passed).count();
                let first = (passing < 5).then(|| log.len().checked_sub(passing))??;
                since(log.get(first)?.get("End")?.as_str()?, now)
            }
            (Status::Running, _) => self.running_for(now),
            (Status::Exited, _) => self.ended_before(now),
            _ => None,
        }
    }

    /// How long its last process ran, where it has ended.
    pub fn ran_for(self) -> Option<Duration> {
        let ended: jiff::Timestamp = self.text("State.FinishedAt").parse().ok()?;
        since(self.text("State.StartedAt"), ended)
    }

    /// How long it waited between being made and its last start.
    pub fn waited_to_start(self) -> Option<Duration> {
        since(self.text("Created"), self.started_at()?)
    }

    /// How long before another one it was started; nothing where it was started later.
    pub fn started_before(self, other: Self) -> Option<Duration> {
        let (this, other) = (self.started_at()?, other.started_at()?);
        (this <= other).then(|| since(self.text("State.StartedAt"), other))?
    }

    fn started_at(self) -> Option<jiff::Timestamp> {
        let at: jiff::Timestamp = self.text("State.StartedAt").parse().ok()?;
        (at.as_second() > 0).then_some(at)
    }

    /// How often a restart policy has started it again.
    pub fn restarts(self) -> u64 {
        self.field("RestartCount")
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }

    /// Words of the first process: what the entrypoint and the command came to.
    pub fn first_process(self) -> Vec<String> {
        let arguments = self.field("Args").and_then(Value::as_array);
        let arguments = arguments.into_iter().flatten().filter_map(Value::as_str);
        std::iter::once(self.text("Path"))
            .chain(arguments)
            .map(str::to_owned)
            .collect()
    }

    /// Whether somebody could type: it has a terminal, or an input that stays open.
    pub fn has_terminal(self) -> bool {
        ["Config.Tty", "Config.OpenStdin"].iter().any(|path| {
            self.field(path)
                .and_then(Value::as_bool)
                .unwrap_or_default()
        })
    }

    /// What its health check says. A check that was switched off (`NONE`) is none.
    pub fn health(self) -> Health {
        let state = [
            self.text("State.Health.Status"),
            self.text("State.Healthcheck.Status"),
        ];
        match state.into_iter().find(|status| !status.is_empty()) {
            Some("starting") => Health::Starting,
            Some("healthy") => Health::Healthy,
            Some("unhealthy") => Health::Unhealthy,
            _ => Health::None,
        }
    }

    /// Output of the newest health probe.
    pub fn last_probe_output(self) -> Option<&'a str> {
        let log = self.field("State.Health.Log")?.as_array()?;
        log.last()?.get("Output")?.as_str()
    }

    /// After how long at the latest the health check has decided: the start period, then as many failing probes as it
    /// allows, each after an interval and as long as its time-out. Absent values are the engine's defaults (30 s, 30 s, 3, 0 s).
    pub fn health_decides_after(self) -> Duration {
        let retries = self
            .field("Config.Healthcheck.Retries")
            .and_then(Value::as_u64)
            .filter(|count| *count > 0);
        let retries = u32::try_from(retries.unwrap_or(3)).unwrap_or(u32::MAX);
        let half_minute = Duration::from_secs(30);
        let timeout = self.health_time("Timeout").unwrap_or(half_minute);
        let probe = self.health_interval().saturating_add(timeout);
        let start_period = self.health_time("StartPeriod").unwrap_or_default();
        start_period.saturating_add(probe.saturating_mul(retries))
    }

    /// How long after its start the first health probe comes at the earliest. In a start period engines from 25 on take
    /// another interval, 5 s where none is given; older ones take the usual one. Nothing where there is no health check.
    pub fn first_probe_after(self) -> Option<Duration> {
        if self.health() == Health::None {
            return None;
        }
        let interval = self.health_interval();
        Some(match self.health_time("StartPeriod") {
            None => interval,
            Some(_) => {
                let at_start = self.health_time("StartInterval");
                interval.min(at_start.unwrap_or(Duration::from_secs(5)))
            }
        })
    }

    fn health_interval(self) -> Duration {
        self.health_time("Interval")
            .unwrap_or(Duration::from_secs(30))
    }

    /// A time of its health check; 0 stands for none.
    fn health_time(self, name: &str) -> Option<Duration> {
        let given = self.field(&format!("Config.Healthcheck.{name}"))?.as_u64();
        given
            .filter(|nanoseconds| *nanoseconds > 0)
            .map(Duration::from_nanos)
    }

    /// The image reference it was started with.
    pub fn image(self) -> &'a str {
        self.text("Config.Image")
    }

    /// Value of an environment variable.
    pub fn environment(self, name: &str) -> Option<&'a str> {
        let all = self.field("Config.Env")?.as_array()?;
        all.iter().filter_map(Value::as_str).find_map(|entry| {
            let (key, value) = entry.split_once('=')?;
            (key == name).then_some(value)
        })
    }

    /// All its environment variables, those of its image too.
    pub fn environment_all(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.field("Config.Env").and_then(Value::as_array);
        let entries = all.into_iter().flatten().filter_map(Value::as_str);
        entries.filter_map(|entry| entry.split_once('='))
    }

    /// Entrypoint as the container was started with; empty where it has none.
    pub fn entrypoint(self) -> Vec<&'a str> {
        let words = self.field("Config.Entrypoint").and_then(Value::as_array);
        words
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// Command as the container was started with, after its entrypoint.
    pub fn command(self) -> Option<Vec<&'a str>> {
        let words = self.field("Config.Cmd")?.as_array()?;
        Some(words.iter().filter_map(Value::as_str).collect())
    }

    /// Ports that were asked to be published, whether the container runs or not.
    pub fn bindings(self) -> Vec<Binding> {
        let Some(ports) = self
            .field("HostConfig.PortBindings")
            .and_then(Value::as_object)
        else {
            return Vec::new();
        };
        let mut bindings = Vec::new();
        for (port, hosts) in ports {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            let Ok(number) = number.parse() else { continue };
            for host in hosts.as_array().into_iter().flatten() {
                let text = |name| host.get(name).and_then(Value::as_str).unwrap_or_default();
                bindings.push(Binding {
                    port: number,
                    protocol: protocol.to_owned(),
                    address: text("HostIp").to_owned(),
                    published: text("HostPort").parse().unwrap_or_default(),
                });
            }
        }
        bindings
    }

    /// What is mounted.
    pub fn mounts(self) -> Vec<Mounted> {
        let listed = self
            .field("Mounts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|mount| {
                let text = |name| mount.get(name).and_then(Value::as_str).unwrap_or_default();
                let kind = text("Type");
                Mounted {
                    kind: kind.to_owned(),
                    target: text("Destination").to_owned(),
                    source: if kind == "volume" {
                        text("Name")
                    } else {
                        text("Source")
                    }
                    .to_owned(),
                    read_only: mount.get("RW").and_then(Value::as_bool) == Some(false),
                }
            });
        let tmpfs = self
            .field("HostConfig.Tmpfs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let tmpfs = tmpfs.map(|(target, _)| Mounted {
            kind: "tmpfs".to_owned(),
            target: target.clone(),
            source: String::new(),
            read_only: false,
        });
        listed.chain(tmpfs).collect()
    }

    /// Names of the networks it is attached to.
    pub fn networks(self) -> Vec<&'a str> {
        let networks = self
            .field("NetworkSettings.Networks")
            .and_then(Value::as_object);
        networks
            .into_iter()
            .flat_map(|networks| networks.keys())
            .map(String::as_str)
            .collect()
    }

    /// Its newest log lines, where they were read.
    pub fn last_lines(self) -> &'a [String] {
        &self.seen.last_lines
    }
}

/// A field of what the engine says, by path, as `HostConfig.Memory` or `Mounts.0.Type`.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| match value {
        Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
        other => other.get(key),
    })
}

fn since(time: &str, now: jiff::Timestamp) -> Option<Duration> {
    let then: jiff::Timestamp = time.parse().ok()?;
    let never = then.as_second() <= 0;
    let passed = now.duration_since(then).as_millis();
    (!never).then(|| Duration::from_millis(u64::try_from(passed).unwrap_or_default()))
}
