//! Why a question to the engine has no answer, and what a person can do about it.

use std::fmt;
use std::io;

use lesson::evidence::EngineSeen;

use crate::address::{Address, Endpoint};
use crate::deadlines::Passed;

/// A question to the engine without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such socket or pipe.
    NoSocket,
    /// The operating system does not let this person use the socket.
    PermissionDenied,
    /// Nobody listens.
    Refused,
    /// The machine cannot be reached, or its name leads nowhere; the system's words.
    Unreachable(String),
    /// No agreement on TLS, or its files cannot be used; the library's words.
    Tls(String),
    /// `ssh` cannot be started; the system's words.
    Ssh(String),
    /// No answer in time.
    TimedOut(Passed),
    /// The connection ended before the answer did.
    Closed,
    /// Something came back that no engine says.
    Nonsense(String),
    /// The engine's own refusal.
    Said {
        /// HTTP status.
        status: u16,
        /// The engine's words.
        message: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSocket => write!(
                out,
                "there is no such socket: no engine is installed, or it is not started"
            ),
            Self::PermissionDenied => write!(out, "you have no permission to use this socket"),
            Self::Refused => write!(
                out,
                "nobody listens there (connection refused): the engine is not started"
            ),
            Self::Unreachable(words) => write!(out, "it cannot be reached: {words}"),
            Self::Tls(words) => write!(out, "there is no secure connection to it: {words}"),
            Self::Ssh(words) => write!(out, "the program `ssh` could not be started: {words}"),
            Self::TimedOut(Passed::Own(deadline)) => {
                write!(
                    out,
                    "it gave no answer within {:.1} s",
                    deadline.as_secs_f64()
                )
            }
            Self::TimedOut(Passed::Total) => write!(
                out,
                "the time for the whole look was over before it answered"
            ),
            Self::Closed => write!(
                out,
                "it closed the connection before its answer was complete"
            ),
            Self::Nonsense(words) => {
                write!(out, "what it answers is no answer of an engine: {words}")
            }
            Self::Said { status, message } => {
                write!(out, "it answered with status {status}: {message}")
            }
        }
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// As evidence that no engine could be asked.
    pub(crate) fn silent(&self, address: &Address) -> EngineSeen {
        EngineSeen::Silent {
            address: address.to_string(),
            reason: self.to_string(),
            next: self.next(address),
        }
    }

    fn next(&self, address: &Address) -> String {
        let ssh_host = match &address.endpoint {
            Endpoint::Ssh {
                host,
                user: Some(user),
                ..
            } => Some(format!("{user}@{host}")),
            Endpoint::Ssh { host, .. } => Some(host.clone()),
            _ => None,
        };
        if let (Some(host), false) = (ssh_host, matches!(self, Self::Ssh(_))) {
            return format!(
                "run `ssh {host} docker version`: it has to work without asking for a password"
            );
        }
        match self {
            Self::NoSocket | Self::Refused => {
                "start Docker Desktop or the Docker service, then run `docker version`; `docker context ls` shows other engines".to_owned()
            }
            Self::PermissionDenied if cfg!(target_os = "linux") => {
                "add yourself to the group of the socket (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker".to_owned()
            }
            Self::PermissionDenied => "see whether `docker version` works for you: the engine belongs to another person's login".to_owned(),
            Self::Unreachable(_) => format!("look at the host name in {}, and whether the machine is up", address.host),
            Self::Tls(_) => "look at ca.pem, cert.pem and key.pem, and whether this port speaks TLS (usually 2376) or not (usually 2375)".to_owned(),
            Self::Ssh(_) => "install an ssh client, or name the engine with --host".to_owned(),
            Self::TimedOut(_) => "run `docker ps`: if that hangs too, restart the engine".to_owned(),
            Self::Closed => "run `docker ps`, and look at the engine's log if that fails too".to_owned(),
            Self::Nonsense(_) => format!("see what listens at {}: it is no Docker engine, or something stands in between", address.host),
            Self::Said { .. } => "run `docker version`, and look at the engine's log".to_owned(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NoSocket,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        if error.is_parse() {
            return Self::Nonsense(format!("it does not speak HTTP ({error})"));
        }
        Self::Closed
    }
}

impl From<Passed> for Failure {
    fn from(passed: Passed) -> Self {
        Self::TimedOut(passed)
    }
}

impl From<bollard::errors::Error> for Failure {
    fn from(error: bollard::errors::Error) -> Self {
        use bollard::errors::Error;
        match error {
            Error::DockerResponseServerError {
                status_code,
                message,
            } => Self::Said {
                status: status_code,
                message,
            },
            // Our own failures travel through the transport as input/output errors.
            Error::IOError { err } => match err.downcast::<Self>() {
                Ok(failure) => failure,
                Err(error) => error.into(),
            },
            Error::HyperResponseError { err } => err.into(),
            other => Self::Nonsense(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_refusals_are_told_apart() {
        let failure = |kind: io::ErrorKind| Failure::from(io::Error::from(kind));
        assert_eq!(failure(io::ErrorKind::NotFound), Failure::NoSocket);
        assert_eq!(
            failure(io::ErrorKind::PermissionDenied),
            Failure::PermissionDenied
        );
        assert_eq!(failure(io::ErrorKind::ConnectionRefused), Failure::Refused);
        assert_eq!(failure(io::ErrorKind::ConnectionReset), Failure::Closed);
        assert!(matches!(
            failure(io::ErrorKind::NetworkUnreachable),
            Failure::Unreachable(_)
        ));
    }

    #[test]
    fn the_next_step_fits_the_way_to_the_engine() {
        let lookup = |host: &str| crate::Lookup {
            host_flag: Some(host.to_owned()),
            ..crate::Lookup::default()
        };
        let far = crate::find(&lookup("ssh://me@far")).unwrap();
        assert!(
            Failure::Closed
                .next(&far)
                .contains("`ssh me@far docker version`")
        );
        assert!(
            Failure::Ssh("not found".to_owned())
                .next(&far)
                .contains("install an ssh client")
        );
        let near = crate::find(&lookup("unix:///run/x.sock")).unwrap();
        assert!(Failure::NoSocket.next(&near).contains("start Docker"));
    }

    #[test]
    fn a_failure_survives_the_way_through_bollard() {
        let sent = Failure::Tls("unknown authority".to_owned());
        let error = bollard::errors::Error::from(io::Error::other(sent.clone()));
        assert_eq!(Failure::from(error), sent);
    }
}
