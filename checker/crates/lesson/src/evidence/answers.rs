//! Questions put to running services, and the raw answers.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};

/// A question that only reads. The engine crate knows how to put each kind; the lesson says which ones are put.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Probe {
    /// `GET path` over plain HTTP. Asked at the published port; where the container port is not published and `inside`
    /// names a client, by that client in the container.
    Http {
        /// Service whose container is asked.
        service: String,
        /// Container port.
        port: u16,
        /// Path and query, starting with `/`.
        path: String,
        /// Program in the image that can ask from inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inside: Option<InsideClient>,
    },
    /// Opens a TCP connection to a published port and closes it. A published port accepts connections even when nothing
    /// listens behind it, so [`Answer::Tcp`] also says whether the connection stayed open.
    Tcp {
        /// Service whose container is asked.
        service: String,
        /// Container port.
        port: u16,
    },
    /// Runs a command that the lesson declares as read-only inside the container.
    Exec {
        /// Service whose container runs it.
        service: String,
        /// Program and arguments; no shell is added.
        command: Vec<String>,
    },
    /// A reading call of Milvus' gRPC interface, at the published port.
    Milvus {
        /// Service whose container is asked.
        service: String,
        /// Container port, normally 19530.
        port: u16,
        /// Which call.
        call: MilvusCall,
    },
    /// The newest lines of the container's log, standard output and standard error as the engine keeps them.
    Log {
        /// Service whose container's log is read.
        service: String,
        /// How many lines at the most.
        lines: u32,
    },
    /// The processes of the container, as the engine's `top` lists them.
    Processes {
        /// Service whose container is asked.
        service: String,
    },
    /// What the kernel says of the processes in the container: runs [`Probe::proc_status_command`] there, so the image needs a
    /// shell, and is answered by its output.
    ProcStatus {
        /// Service whose container is asked.
        service: String,
    },
    /// A file or folder of the container, running or not, through the engine's archive call: nothing is started, and no
    /// program in the image is needed.
    File {
        /// Service whose container is looked into.
        service: String,
        /// Absolute path in the container.
        path: String,
        /// Whether the contents are read too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        contents: bool,
    },
}

impl Probe {
    /// The service that is asked.
    pub fn service(&self) -> &str {
        match self {
            Self::Http { service, .. }
            | Self::Tcp { service, .. }
            | Self::Exec { service, .. }
            | Self::Milvus { service, .. }
            | Self::Log { service, .. }
            | Self::Processes { service }
            | Self::ProcStatus { service }
            | Self::File { service, .. } => service,
        }
    }
}

impl Probe {
    /// The exact command behind [`Probe::ProcStatus`]: words of the shell alone, which read `/proc`. It names itself first, so
    /// that it can be left out.
    pub fn proc_status_command() -> Vec<String> {
        let script = "echo Self: $$; for f in /proc/[0-9]*/status; do while read -r k v; do case $k in \
            Name:|State:|Pid:|PPid:|Uid:|SigCgt:|CapEff:) echo \"$k $v\";; esac; done < \"$f\"; done 2>/dev/null";
        ["sh", "-c", script].map(str::to_owned).into()
    }
}

/// An HTTP client that an image may carry.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum InsideClient {
    /// `curl --silent --show-error --include --max-time 5 URL`
    Curl,
}

impl InsideClient {
    /// The exact command that is run in the container, so that a reader can see it only reads.
    pub fn command(self, port: u16, path: &str) -> Vec<String> {
        let url = format!("http://127.0.0.1:{port}{path}");
        match self {
            Self::Curl => [
                "curl",
                "--silent",
                "--show-error",
                "--include",
                "--max-time",
                "5",
                &url,
            ]
            .map(String::from)
            .to_vec(),
        }
    }
}

/// A reading call of Milvus' service `milvus.proto.milvus.MilvusService`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum MilvusCall {
    /// `GetVersion`
    Version,
    /// `CheckHealth`
    Health,
    /// `ShowCollections` of the default database
    Collections,
}

/// A probe with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// What was asked.
    pub probe: Probe,
    /// What came back.
    pub answer: Answer,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
}

/// By which way a service was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// At a port published on the host: `127.0.0.1:19530`.
    Published(String),
    /// By a command inside the container of this name.
    Inside(String),
}

/// What a service answered, undigested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// An HTTP response; the body is cut at 64 KiB.
    Http {
        /// How it was reached.
        via: Via,
        /// Status code.
        status: u16,
        /// Content-Type header, where given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_type: Option<String>,
        /// Body.
        body: Bytes,
    },
    /// A TCP connection was accepted.
    Tcp {
        /// How it was reached.
        via: Via,
        /// False where the other side closed it at once, as a published port does with nothing behind it.
        stayed_open: bool,
    },
    /// A command ran to its end.
    Exec {
        /// Its exit code.
        exit_code: i64,
        /// Standard output, cut at 64 KiB.
        stdout: Bytes,
        /// Standard error, cut at 64 KiB.
        stderr: Bytes,
    },
    /// A gRPC call ended with status and, when that is 0, one message.
    Grpc {
        /// How it was reached.
        via: Via,
        /// gRPC status code; 0 is OK.
        code: i32,
        /// The status' message.
        message: String,
        /// The response message, protobuf-encoded; empty unless `code` is 0.
        body: Bytes,
    },
    /// Log lines, oldest first, without time stamps and line ends.
    Log {
        /// The lines.
        lines: Vec<String>,
    },
    /// Processes of the container.
    Processes {
        /// One entry a process.
        processes: Vec<super::Process>,
    },
    /// What lies at a path.
    File(FileInside),
    /// Nothing lies at the path.
    NoFile,
    /// No answer.
    None(Unanswered),
}

/// A file or folder in a container. A symbolic link at the end of the path is told as itself, not as what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileInside {
    /// What it is.
    pub kind: FileKind,
    /// Size in bytes; 0 for what is no file.
    pub size: u64,
    /// Permission bits, as a number: `0o755`.
    pub mode: u32,
    /// Number of the user that owns it.
    pub uid: u64,
    /// Number of its group.
    pub gid: u64,
    /// Where a symbolic link leads, as it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The contents of a file, cut at 64 KiB, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Bytes>,
}

/// Kinds of what lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unanswered {
    /// The service has no running container.
    NotRunning,
    /// The container port is not published, and no way from inside was declared.
    NotPublished,
    /// Published on the loopback address of a remote engine's host, which cannot be reached from here.
    RemoteLoopback(String),
    /// Nothing listens at this address.
    Refused(String),
    /// The connection was closed before an answer came.
    Closed(String),
    /// No answer within the deadline; the text names address and seconds.
    TimedOut(String),
    /// The program is not in the image; the engine's words.
    NoSuchProgram(String),
    /// Something came back that is not what the protocol says; the text says what.
    Nonsense(String),
    /// The engine refused or went away while asking; its words.
    Engine(String),
}

/// Bytes that are written as text where they are UTF-8 and as base64 where not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The bytes as text, with a replacement character for what is not UTF-8.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenBytes {
    Text(String),
    Base64 { base64: String },
}

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => WrittenBytes::Text(text.to_owned()),
            Err(_) => WrittenBytes::Base64 {
                base64: BASE64.encode(&self.0),
            },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match WrittenBytes::deserialize(deserializer)? {
            WrittenBytes::Text(text) => Ok(Self(text.into_bytes())),
            WrittenBytes::Base64 { base64 } => BASE64
                .decode(base64)
                .map(Self)
                .map_err(serde::de::Error::custom),
        }
    }
}
