//! Judging what the kernel says of a container's processes (`/proc/PID/status`).

use serde_json::json;

use crate::evidence::{Answer, Probe, Unanswered};
use crate::format::Matcher;
use crate::inside::{asked, matched, unless_starting};
use crate::matcher;
use crate::report::Spot;
use crate::scene::{Judged, Scene};

/// Programs that only start another one, pass signals on and collect zombies.
const INITS: [&str; 5] = [
    "tini",
    "docker-init",
    "dumb-init",
    "catatonit",
    "podman-init",
];

/// Names of the signals from 1 on, as `kill -l` has them on Linux.
const SIGNALS: &str = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP \
    TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

/// Names of the capabilities from 0 on, as Compose has them under `cap_drop`.
const CAPABILITIES: &str = "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE \
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT \
    SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE \
    MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

/// A process as the kernel describes it. Numbers are those inside the container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Status {
    name: String,
    pid: u32,
    parent: u32,
    user: u32,
    is_zombie: bool,
    caught: u64,
    capabilities: u64,
}

/// Judges what the kernel says of a service's processes.
pub fn judge(scene: &Scene<'_>, service: &str, probe: &Probe, matchers: &[Matcher]) -> Judged {
    let (container, answer) = match asked(scene, service, probe) {
        Ok(asked) => asked,
        Err(judged) => return judged,
    };
    let not_seen =
        |text: &str| Judged::not_seen(text, format!("look at `docker compose top {service}`"));
    let text = match answer {
        Answer::Exec { stdout, .. } => stdout.text(),
        Answer::None(Unanswered::NotRunning) => {
            return Judged::not_seen(
                format!("`{service}` does not run"),
                "run `docker compose up -d`",
            );
        }
        Answer::None(Unanswered::NoSuchProgram(_)) => {
            return not_seen("its image has no shell to ask the kernel with");
        }
        _ => return not_seen("its processes could not be looked at"),
    };
    let processes = read(&text);
    let Some(first) = first_that_is_no_init(&processes) else {
        return not_seen("its processes could not be looked at");
    };
    let zombies = processes.iter().filter(|process| process.is_zombie);
    let fields = json!({
        "zombies": zombies.count(),
        "name": first.name,
        "user": first.user,
        "catches": names(first.caught, SIGNALS),
        "capabilities": names(first.capabilities, CAPABILITIES),
    });
    let judged = Judged::all(matchers.iter().map(|matcher| match matcher {
        Matcher::Field(expected) => {
            let question = match expected.path.as_str() {
                "zombies" => format!("the processes of {}", container.name()),
                _ => format!("the process `{}` of {}", first.name, container.name()),
            };
            let value = fields.get(&expected.path);
            matched(
                matcher::every(&expected.expect.0, value).of_field(&expected.path),
                Spot::Probe { question },
            )
        }
        _ => not_seen("this matcher says nothing about processes"),
    }));
    unless_starting(scene, container, judged)
}

/// The blocks of the answer, without the shell that gave it.
fn read(text: &str) -> Vec<Status> {
    let mut own = None;
    let mut processes: Vec<Status> = Vec::new();
    for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        let word = value.split_whitespace().next().unwrap_or_default();
        let number = |word: &str| word.parse().unwrap_or_default();
        let bits = || u64::from_str_radix(word, 16).unwrap_or_default();
        match (key, processes.last_mut()) {
            ("Self", _) => own = word.parse().ok(),
            ("Name", _) => processes.push(Status {
                name: value.to_owned(),
                ..Status::default()
            }),
            ("State", Some(process)) => process.is_zombie = word == "Z",
            ("Pid", Some(process)) => process.pid = number(word),
            ("PPid", Some(process)) => process.parent = number(word),
            // The real user, the effective one, the saved one, the one for files.
            ("Uid", Some(process)) => {
                process.user = value.split_whitespace().nth(1).map_or(0, number);
            }
            ("SigCgt", Some(process)) => process.caught = bits(),
            ("CapEff", Some(process)) => process.capabilities = bits(),
            _ => {}
        }
    }
    processes.retain(|process| Some(process.pid) != own);
    processes
}

/// Follows inits down to what they have started.
fn first_that_is_no_init(processes: &[Status]) -> Option<&Status> {
    let mut first = processes.iter().find(|process| process.pid == 1)?;
    while INITS.contains(&first.name.as_str()) {
        // An init also becomes the parent of whatever has lost its own; what it has started itself is older.
        first = processes
            .iter()
            .filter(|process| process.parent == first.pid && !process.is_zombie)
            .min_by_key(|process| process.pid)?;
    }
    Some(first)
}

/// The names of the bits that are set.
fn names(bits: u64, all: &str) -> Vec<&str> {
    all.split_whitespace()
        .enumerate()
        .filter(|(number, _)| bits >> number & 1 == 1)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a container with `init: true` answers: its program catches SIGINT and SIGTERM, and a child of it is a zombie.
    const ANSWER: &str = "Self: 30\n\
        Name: docker-init\nState: S (sleeping)\nPid: 1\nPPid: 0\nUid: 999 999 999 999\nSigCgt: 0000000000000000\nCapEff: 0000000000000000\n\
        Name: python\nState: S (sleeping)\nPid: 7\nPPid: 1\nUid: 999 0 999 999\nSigCgt: 0000000000004002\nCapEff: 0000000000000401\n\
        Name: sh\nState: Z (zombie)\nPid: 9\nPPid: 7\nUid: 999 999 999 999\nSigCgt: 0000000000000000\nCapEff: 0000000000000000\n\
        Name: sh\nState: R (running)\nPid: 30\nPPid: 0\nUid: 999 999 999 999\nSigCgt: 0000000000000002\nCapEff: 0000000000000000\n";

    #[test]
    fn the_shell_that_answers_is_no_process_of_the_container() {
        let pids: Vec<_> = read(ANSWER).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [1, 7, 9]);
    }

    #[test]
    fn the_program_behind_an_init_is_the_one_that_counts() {
        let processes = read(ANSWER);
        let first = first_that_is_no_init(&processes).expect("a program");
        assert_eq!((first.name.as_str(), first.user), ("python", 0));
        assert_eq!(names(first.caught, SIGNALS), ["INT", "TERM"]);
        assert_eq!(
            names(first.capabilities, CAPABILITIES),
            ["CHOWN", "NET_BIND_SERVICE"]
        );
        assert_eq!(first_that_is_no_init(&processes[..1]), None, "only an init");
    }

    #[test]
    fn an_orphan_that_an_init_took_over_is_not_its_program() {
        // In the order of `/proc/*`, where 10 stands before 7.
        let orphan = "Name: sleep\nState: S (sleeping)\nPid: 10\nPPid: 1\n";
        let answer = ANSWER.replacen("Name: python", &format!("{orphan}Name: python"), 1);
        let processes = read(&answer);
        let first = first_that_is_no_init(&processes).expect("a program");
        assert_eq!(first.name, "python");
    }

    #[test]
    fn a_zombie_is_one_by_its_state() {
        let processes = read(ANSWER);
        let zombies = processes.iter().filter(|process| process.is_zombie);
        assert_eq!(zombies.count(), 1);
    }
}
