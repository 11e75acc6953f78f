//! Who may ask: only the person who started the server, from a browser on this machine.
//!
//! Any page on the Internet can make a browser ask 127.0.0.1, and a name that such a page owns can be made to mean 127.0.0.1. So
//! every request names the exact host, comes from no other origin, and carries a token that only the terminal has shown.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

/// The name of the token in the printed address.
pub const TOKEN: &str = "token";

/// What a page may load: only what this server serves, and no script or style that stands in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors ";

/// The table of contents of a page without script, in a frame of that page.
const FRAMED: &str = "/toc.html";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What is compared.
pub struct Guard {
    hosts: [String; 2],
    origins: [String; 2],
    cookie: String,
    token: String,
}

/// What a request carries.
enum Carries {
    Cookie,
    Token,
    Neither,
}

impl Guard {
    /// For a server on this port.
    pub fn new(port: u16, token: &str) -> Self {
        let hosts = ["127.0.0.1", "localhost"].map(|name| match port {
            // A browser leaves this one out.
            80 => name.to_owned(),
            port => format!("{name}:{port}"),
        });
        Self {
            origins: hosts.clone().map(|host| format!("http://{host}")),
            hosts,
            // Cookies know no ports: two servers must not take each other's away.
            cookie: format!("checker-{port}"),
            token: token.to_owned(),
        }
    }

    fn objection(&self, request: &Request) -> Option<Response> {
        let headers = request.headers();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(|host| self.hosts.iter().any(|known| known == host)) {
            return Some(refusal(
                StatusCode::FORBIDDEN,
                "This server answers under http://127.0.0.1 and http://localhost with its own port, under no other name. Open the \
                 address that <code>checker serve</code> has printed.",
            ));
        }
        if let Some(origin) = headers.get(ORIGIN)
            && !self
                .origins
                .iter()
                .any(|known| known.as_bytes() == origin.as_bytes())
        {
            return Some(refusal(
                StatusCode::FORBIDDEN,
                "Pages of other servers may not ask this one.",
            ));
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "This server only shows; nothing can be sent to it.",
            );
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(response);
        }
        match self.carried(request) {
            Carries::Cookie | Carries::Token => None,
            Carries::Neither => Some(refusal(
                StatusCode::FORBIDDEN,
                "This page shows your files and containers, so it is for you alone. Open the whole address that \
                 <code>checker serve</code> has printed, with its <code>token</code>. <code>checker open</code> prints it again.",
            )),
        }
    }

    fn carried(&self, request: &Request) -> Carries {
        if cookies(request.headers())
            .any(|(name, value)| name == self.cookie && self.is_token(value))
        {
            return Carries::Cookie;
        }
        let query = request.uri().query().unwrap_or_default();
        let tokens = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(name, _)| *name == TOKEN);
        match tokens
            .map(|(_, value)| value)
            .any(|value| self.is_token(value))
        {
            true => Carries::Token,
            false => Carries::Neither,
        }
    }

    /// Takes as long for a nearly right one as for a wrong one.
    fn is_token(&self, candidate: &str) -> bool {
        self.token.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
}

/// Lets a request through, or says in words why not; either way with the headers that every answer has.
pub async fn only_the_reader(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let is_let_in_by_token = matches!(guard.carried(&request), Carries::Token);
    let mut response = match guard.objection(&request) {
        Some(refusal) => refusal,
        None => {
            let mut response = next.run(request).await;
            if is_let_in_by_token {
                let cookie = format!(
                    "{}={}; Path=/; HttpOnly; SameSite=Strict",
                    guard.cookie, guard.token
                );
                if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().insert(SET_COOKIE, cookie);
                }
            }
            response
        }
    };
    protect(response.headers_mut(), &path);
    response
}

fn protect(headers: &mut HeaderMap, path: &str) {
    let ancestors = if path == FRAMED { "'self'" } else { "'none'" };
    let policy = format!("{POLICY}{ancestors}");
    headers.extend([
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    ]);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Sends the browser to the same page without the token in its address. `path` is one of this server's.
pub fn clean(path: &str) -> Response {
    // Two slashes at the beginning would name another server.
    let location = format!("/{}", path.trim_start_matches('/'));
    match HeaderValue::from_str(&location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn refusal(status: StatusCode, words: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>checker serve</title>\n<h1>checker serve</h1>\n<p>{words}</p>\n</html>\n"
    );
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(CONTENT_TYPE, kind)], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn status(guard: &Guard, headers: &[(&str, &str)], method: &str, uri: &str) -> u16 {
        let mut request = axum::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        guard
            .objection(&request)
            .map_or(200, |response| response.status().as_u16())
    }

    #[test]
    fn only_the_exact_host_origin_method_and_token_are_let_in() {
        let guard = Guard::new(8765, "abc");
        let with = |headers: &[(&str, &str)]| status(&guard, headers, "GET", "/");
        let host = ("host", "127.0.0.1:8765");
        let cookie = ("cookie", "theme=dark; checker-8765=abc");
        assert_eq!(with(&[host, cookie]), 200);
        assert_eq!(with(&[("host", "localhost:8765"), cookie]), 200);
        for host in [
            "127.0.0.1",
            "127.0.0.1:8766",
            "evil.example:8765",
            "LOCALHOST.:8765",
            "",
        ] {
            assert_eq!(with(&[("host", host), cookie]), 403, "{host}");
        }
        assert_eq!(with(&[cookie]), 403, "no host");
        assert_eq!(
            with(&[host, cookie, ("origin", "http://127.0.0.1:8765")]),
            200
        );
        for origin in [
            "null",
            "http://127.0.0.1:1",
            "https://127.0.0.1:8765",
            "http://evil.example",
        ] {
            assert_eq!(with(&[host, cookie, ("origin", origin)]), 403, "{origin}");
        }
        for cookie in [
            "checker-8765=abd",
            "checker-8765=",
            "checker-8766=abc",
            "checker-8765=abcd",
        ] {
            assert_eq!(with(&[host, ("cookie", cookie)]), 403, "{cookie}");
        }
        assert_eq!(status(&guard, &[host], "GET", "/a.html?token=abc"), 200);
        assert_eq!(status(&guard, &[host], "GET", "/a.html?token=ab"), 403);
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            assert_eq!(
                status(&guard, &[host, cookie], method, "/"),
                405,
                "{method}"
            );
        }
    }

    #[test]
    fn the_way_to_the_clean_address_leads_to_no_other_server() {
        let response = clean("//evil.example/a");
        assert_eq!(response.headers()[LOCATION], "/evil.example/a");
    }
}
