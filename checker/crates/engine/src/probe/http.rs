//! `GET` over plain HTTP: at a published port, or by a client inside the container.
//!
//! No proxy is ever used, whatever the environment names, and no redirection is followed: what answers is the container.

use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use lesson::evidence::{Answer, Bytes, InsideClient, Unanswered, Via};

use super::exec::{self, Ran};
use super::{Place, connect, hyper_error, via};
use crate::output::LARGEST_OUTPUT;
use crate::route::Target;

/// Asks at a published port.
pub(super) async fn get(target: &Target, path: &str) -> Result<Answer, Unanswered> {
    let request = Request::get(path)
        .header(HOST, target.to_string())
        .header(USER_AGENT, concat!("checker/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::<bytes::Bytes>::new())
        // The lesson's mistake, so nothing is learnt about the service.
        .map_err(|error| Unanswered::Engine(format!("`{path}` cannot be asked for: {error}")))?;
    let stream = connect(target).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| hyper_error(target, &error))?;
    tokio::spawn(connection);
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| hyper_error(target, &error))?;
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    Ok(Answer::Http {
        via: via(target),
        status: response.status().as_u16(),
        content_type,
        body: Bytes(
            beginning(response.into_body())
                .await
                .map_err(|error| hyper_error(target, &error))?,
        ),
    })
}

/// Reads a body, at most up to the limit; what comes after it is not waited for.
async fn beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        let room = LARGEST_OUTPUT - kept.len();
        kept.extend(data.iter().take(room));
        if kept.len() == LARGEST_OUTPUT {
            break;
        }
    }
    Ok(kept)
}

/// Asks from inside, with the command that the lesson crate shows to its readers.
pub(super) async fn get_inside(
    place: &Place<'_>,
    client: InsideClient,
    port: u16,
    path: &str,
) -> Result<Answer, Unanswered> {
    let Ran { exit_code, output } = exec::run(place, &client.command(port, path)).await?;
    let name = place.container.name();
    let asked = format!("127.0.0.1:{port} inside {name}");
    let InsideClient::Curl = client;
    match exit_code {
        0 => included(&output.stdout).map_or_else(
            || {
                Err(Unanswered::Nonsense(format!(
                    "{asked}: curl printed no HTTP response"
                )))
            },
            |(status, content_type, body)| {
                Ok(Answer::Http {
                    via: Via::Inside(name.to_owned()),
                    status,
                    content_type,
                    body: Bytes(body),
                })
            },
        ),
        code => Err(curl_failed(
            code,
            asked,
            &String::from_utf8_lossy(&output.stderr),
        )),
    }
}

/// curl's exit codes, from its manual.
fn curl_failed(code: i64, asked: String, stderr: &str) -> Unanswered {
    match code {
        7 => Unanswered::Refused(asked),
        28 => Unanswered::TimedOut(format!("{asked}, 5 s")),
        // An empty reply, a broken transfer, a failure in sending or receiving.
        52 | 18 | 55 | 56 => Unanswered::Closed(asked),
        // No HTTP, or a version that it does not speak.
        1 | 8 => Unanswered::Nonsense(format!("{asked}: {}", stderr.trim())),
        _ => Unanswered::Engine(format!(
            "curl ended with exit code {code}: {}",
            stderr.trim()
        )),
    }
}

/// Reads what `curl --include` prints: status line, header lines, an empty line, the body. Interim responses (1xx) come before it.
fn included(printed: &[u8]) -> Option<(u16, Option<String>, Vec<u8>)> {
    let end = printed
        .windows(4)
        .position(|window| window == b"\r\n\r\n")?;
    let (head, body) = printed.split_at(end);
    let body = body.get(4..)?;
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    if !words.next()?.starts_with("HTTP/") {
        return None;
    }
    let status: u16 = words.next()?.parse().ok()?;
    if (100..200).contains(&status) {
        return included(body);
    }
    let content_type = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-type")
            .then(|| value.trim().to_owned())
    });
    Some((status, content_type, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curls_output_is_read() {
        let printed = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: now\r\n\r\nOK";
        assert_eq!(
            included(printed),
            Some((200, Some("text/plain".to_owned()), b"OK".to_vec()))
        );
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2 503 \r\n\r\n3/5\r\n\r\n";
        assert_eq!(
            included(interim),
            Some((503, None, b"3/5\r\n\r\n".to_vec()))
        );
    }

    #[test]
    fn what_is_no_response_is_not_read() {
        for printed in [
            "",
            "OK",
            "HTTP/1.1 200 OK",
            "HTTP/1.1\r\n\r\n",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ] {
            assert_eq!(included(printed.as_bytes()), None, "{printed:?}");
        }
    }

    #[test]
    fn curls_exit_codes_are_told_apart() {
        let failed = |code| curl_failed(code, "here".to_owned(), "curl: words\n");
        assert_eq!(failed(7), Unanswered::Refused("here".to_owned()));
        assert_eq!(failed(28), Unanswered::TimedOut("here, 5 s".to_owned()));
        assert_eq!(failed(52), Unanswered::Closed("here".to_owned()));
        assert_eq!(
            failed(1),
            Unanswered::Nonsense("here: curl: words".to_owned())
        );
        assert!(matches!(failed(2), Unanswered::Engine(_)));
    }
}
