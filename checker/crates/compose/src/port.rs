//! The short form of a port: `[[address:][published]:]target[/protocol]`, each number possibly a range.

use std::net::IpAddr;

/// One published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortMapping {
    pub host_ip: String,
    /// Empty, a number, or a range of which one is taken.
    pub published: String,
    pub target: u16,
    pub protocol: String,
}

/// Writes out a short form; ranges give several ports, in the order Compose lists them.
///
/// # Errors
/// What is wrong, in one sentence without a full stop.
pub(crate) fn parse(text: &str) -> Result<Vec<PortMapping>, String> {
    let (left, target) = text
        .rsplit_once(':')
        .map_or((None, text), |(left, target)| (Some(left), target));
    let (host_ip, published) = match left {
        None => ("", ""),
        Some(left) => left.rsplit_once(':').unwrap_or(("", left)),
    };
    // What follows a second `/`, or a second `-` in a range, Compose does not look at.
    let mut parts = target.split('/');
    let (target, protocol) = (parts.next().unwrap_or(""), parts.next().unwrap_or("tcp"));
    if target.is_empty() {
        return Err("the container's port is missing".into());
    }
    let protocol = if protocol.is_empty() {
        "tcp".to_string()
    } else {
        protocol.to_lowercase()
    };
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!(
            "`{protocol}` is no protocol; there are tcp, udp and sctp"
        ));
    }
    if host_ip.contains(':') && !host_ip.starts_with('[') {
        return Err(format!("an IPv6 address stands in brackets: `[{host_ip}]`"));
    }
    let host_ip = host_ip
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host_ip);
    if !host_ip.is_empty() && host_ip.parse::<IpAddr>().is_err() {
        return Err(format!("`{host_ip}` is no IP address"));
    }
    let (first, last) = range(target).map_err(|reason| format!("the container's port {reason}"))?;
    if first == 0 {
        return Err("the container's port is missing: 0 is none".into());
    }
    let (first_published, last_published) = match published {
        "" => (0, 0),
        published => range(published).map_err(|reason| format!("the published port {reason}"))?,
    };
    let fits =
        published.is_empty() || first == last || last - first == last_published - first_published;
    if !fits {
        return Err(format!(
            "the ranges {published} and {target} have different lengths"
        ));
    }
    let mapping = |offset: u16| {
        let port = first_published + offset;
        let published = match published {
            "" => String::new(),
            _ if first == last && first_published != last_published => {
                format!("{port}-{last_published}")
            }
            _ => port.to_string(),
        };
        PortMapping {
            host_ip: host_ip.into(),
            published,
            target: first + offset,
            protocol: protocol.clone(),
        }
    };
    let mut ports: Vec<PortMapping> = (0..=last - first).map(mapping).collect();
    // Compose sorts the ports of one entry as text: 100 comes before 99.
    ports.sort_by_key(|port| port.target.to_string());
    Ok(ports)
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let number = |part: &str| {
        part.parse::<u16>()
            .ok()
            .filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or_else(|| {
                let wrong = if part.is_empty() { text } else { part };
                format!("`{wrong}` is no number from 0 to 65535")
            })
    };
    let mut ends = text.split('-');
    let first = number(ends.next().unwrap_or(""))?;
    let last = match ends.next() {
        Some(last) => number(last)?,
        None => first,
    };
    if last < first {
        return Err(format!("range `{text}` ends before it starts"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String, u16, String)> {
        parse(text)
            .unwrap()
            .into_iter()
            .map(|port| (port.host_ip, port.published, port.target, port.protocol))
            .collect()
    }

    fn port(
        host_ip: &str,
        published: &str,
        target: u16,
        protocol: &str,
    ) -> (String, String, u16, String) {
        (host_ip.into(), published.into(), target, protocol.into())
    }

    #[test]
    fn every_short_form_is_read() {
        assert_eq!(parsed("80"), [port("", "", 80, "tcp")]);
        assert_eq!(parsed("8080:80"), [port("", "8080", 80, "tcp")]);
        assert_eq!(parsed("022:22"), [port("", "22", 22, "tcp")]);
        assert_eq!(
            parsed("127.0.0.1:5000:5000/UDP"),
            [port("127.0.0.1", "5000", 5000, "udp")]
        );
        assert_eq!(parsed("127.0.0.1::80"), [port("127.0.0.1", "", 80, "tcp")]);
        assert_eq!(parsed("[::1]:80:80"), [port("::1", "80", 80, "tcp")]);
        assert_eq!(parsed("9000-9005:80"), [port("", "9000-9005", 80, "tcp")]);
        assert_eq!(
            parsed("80-81:99-100"),
            [port("", "81", 100, "tcp"), port("", "80", 99, "tcp")]
        );
    }

    #[test]
    fn what_is_no_port_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "the container's port is missing"),
            ("8080:", "the container's port is missing"),
            ("8080:0", "the container's port is missing: 0 is none"),
            (
                "0x50:80",
                "the published port `0x50` is no number from 0 to 65535",
            ),
            (
                "80:http",
                "the container's port `http` is no number from 0 to 65535",
            ),
            (
                "80:70000",
                "the container's port `70000` is no number from 0 to 65535",
            ),
            (
                "80-70:80",
                "the published port range `80-70` ends before it starts",
            ),
            ("1-3:1-2", "the ranges 1-3 and 1-2 have different lengths"),
            (
                "80:80/icmp",
                "`icmp` is no protocol; there are tcp, udp and sctp",
            ),
            ("localhost:80:80", "`localhost` is no IP address"),
            ("::1:80:80", "an IPv6 address stands in brackets: `[::1]`"),
        ] {
            assert_eq!(parse(text), Err(reason.into()), "{text}");
        }
    }
}
