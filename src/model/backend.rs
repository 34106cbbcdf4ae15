//! The nodes of a cluster as others reach them: a load balancer, and polling Tentacles.

use super::facts::{NodeSeen, Nodes};
use super::names::{BadName, NodeName};
use super::node_config::NodeConfig;
use super::registry::NodeRow;
use super::untrusted::Untrusted;
use super::web::{ListenPrefix, authority};

/// A node as others reach it. Its name and its host are plain ASCII without blanks, so that they are valid in every file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    pub name: NodeName,
    /// Where its web portal is: a host that others can resolve, never `+`, `*` or `localhost` where the registry knows better.
    pub web: ListenPrefix,
    /// The port for polling Tentacles.
    pub comms_port: u16,
    pub grpc_port: u16,
    /// Whether it is marked as drained.
    pub drained: bool,
}

/// The nodes that others are to reach, and those that they are not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backends {
    /// In the order in which they joined, so that an added node comes last and the others keep their ports.
    pub nodes: Vec<Backend>,
    /// The others.
    pub left_out: Vec<LeftOutNode>,
    /// Remarks for the list's user, in whole sentences.
    pub remarks: Vec<String>,
    /// The config of the node whose registry listed them; `None` if they were given by hand.
    pub config: Option<Box<NodeConfig>>,
}

/// A node that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutNode {
    pub name: Untrusted,
    pub why: LeftOutReason,
}

/// Why a node is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOutReason {
    /// It is dead: its heartbeat has stopped.
    Dead,
    /// Only Octopus Server knows it, so its address is unknown.
    NoAddress,
}

impl LeftOutReason {
    /// All reasons.
    pub const ALL: [Self; 2] = [Self::Dead, Self::NoAddress];

    /// Returns its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::NoAddress => "no-address",
        }
    }
}

/// Says of nodes that are left out for one reason that they are.
fn left_out_remark(why: LeftOutReason, nodes: &[&LeftOutNode]) -> String {
    let (who, is, it) = subject(nodes.iter().map(|node| node.name.as_str()));
    match why {
        LeftOutReason::Dead => format!("{who} {is} left out: {it} dead."),
        LeftOutReason::NoAddress => {
            let listens = if nodes.len() == 1 { "it listens" } else { "they listen" };
            format!("{who} {is} left out: the registry does not know where {listens}; give all nodes with --node.")
        }
    }
}

/// Names one node, or counts several and names a few: the words before the verb, the verb, and a pronoun with it.
fn subject<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> (String, &'static str, &'static str) {
    const NAMED: usize = 5;
    let count = names.len();
    let mut shown: Vec<&str> = names.take(NAMED).collect();
    if count == 1 {
        return (format!("Node {}", shown.join("")), "is", "it is");
    }
    let more = count.saturating_sub(NAMED);
    let last = if more == 0 { shown.pop().map(str::to_owned) } else { Some(format!("{more} more")) };
    (format!("{count} nodes ({} and {})", shown.join(", "), last.unwrap_or_default()), "are", "they are")
}

/// Something that the list's user should know of a node's address.
enum AddressRemark {
    /// It listens for this host only.
    OneHost { node: String, host: String },
    /// Its prefix names no host, so that its machine's name is taken.
    NoHost { node: String, prefix: String, host: String },
    /// Its prefix is one that no other machine can reach.
    Loopback { node: String, prefix: String, host: String, port: u16 },
}

impl AddressRemark {
    fn node(&self) -> &str {
        match self {
            Self::OneHost { node, .. } | Self::NoHost { node, .. } | Self::Loopback { node, .. } => node,
        }
    }

    /// Says it of these nodes of one kind, the first of which is the example.
    fn says(&self, nodes: &[&Self]) -> String {
        let (who, _, _) = subject(nodes.iter().map(|remark| remark.node()));
        let many = nodes.len() > 1;
        let listens = if many { "listen" } else { "listens" };
        match self {
            Self::OneHost { host, .. } => {
                let hosts = if many { format!("one host each (as {host})") } else { format!("{host} only") };
                format!(
                    "{who} {listens} for {hosts}: where HTTP.sys serves it (Windows), requests by another name, as that of the load \
                     balancer, are answered with 400 Bad Request. Add a prefix for all names, for instance http://+:80/."
                )
            }
            Self::NoHost { host, .. } if many => {
                format!("{who} listen for prefixes that name no host: their machines' names are taken, for instance {host}.")
            }
            Self::NoHost { prefix, host, .. } => {
                format!("{who} listens for {prefix}, which names no host: its machine's name is taken, {host}.")
            }
            Self::Loopback { prefix, host, port, .. } => {
                let (prefix, whose, has) = if many {
                    (format!("prefixes such as {prefix}"), "their machines' names are taken, for instance", "the nodes have")
                } else {
                    (prefix.clone(), "its machine's name is taken,", "the node has")
                };
                format!(
                    "{who} {listens} for {prefix}, which no other machine can reach: {whose} {host}, and {has} to listen for it as well, \
                     for instance with http://+:{port}/."
                )
            }
        }
    }
}

/// Says each kind once, however many nodes it is of.
fn address_remarks(remarks: &[AddressRemark]) -> Vec<String> {
    let kinds: [fn(&AddressRemark) -> bool; 3] = [
        |remark| matches!(remark, AddressRemark::OneHost { .. }),
        |remark| matches!(remark, AddressRemark::NoHost { .. }),
        |remark| matches!(remark, AddressRemark::Loopback { .. }),
    ];
    let said = kinds.into_iter().filter_map(|is_of_kind| {
        let of_kind: Vec<&AddressRemark> = remarks.iter().filter(|remark| is_of_kind(remark)).collect();
        of_kind.first().map(|first| first.says(&of_kind))
    });
    said.collect()
}

impl Backend {
    /// The default port for polling Tentacles.
    pub const COMMS: u16 = 10_943;
    /// The default gRPC port.
    pub const GRPC: u16 = 8_443;

    /// Reads `NAME=URL`, with the port for polling Tentacles behind a comma where it is not 10943.
    ///
    /// # Errors
    /// What to type.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let (name, rest) = text.split_once('=').ok_or("Type a node as NAME=URL or NAME=URL,PORT.")?;
        let (url, port) = rest.rsplit_once(',').map_or((rest, None), |(url, port)| (url, Some(port)));
        let comms_port = match port.map(|port| port.trim().parse::<u16>()) {
            None => Self::COMMS,
            Some(Ok(port)) if port != 0 => port,
            Some(_) => return Err("The port for polling Tentacles is a number from 1 to 65535.".into()),
        };
        let web = match ListenPrefix::parse_all(url).map_err(|bad| BadName(bad.0))?.as_slice() {
            [web] if web.is_for_all() => return Err("A node's URL names its host, not + or *.".into()),
            [web] => require_ascii(web)?,
            _ => return Err("Type one URL for a node.".into()),
        };
        Ok(Self { name: NodeName::parse(name)?, web, comms_port, grpc_port: Self::GRPC, drained: false })
    }

    /// Returns host and port of its web portal, with an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        authority(&self.web.host, self.web.port)
    }

    /// Returns the URL of its web portal, without a slash at the end.
    pub fn url(&self) -> String {
        self.web.to_string().trim_end_matches('/').to_owned()
    }
}

impl Backends {
    /// Lists the live nodes of a cluster, with drained ones, since they come back.
    ///
    /// # Errors
    /// If a live node's name or address cannot be written: a list without it would look complete.
    pub fn from_cluster(nodes: &Nodes) -> Result<Self, BadName> {
        let mut found: Vec<(&str, Backend)> = Vec::new();
        let mut all = Self::default();
        let mut remarks = Vec::new();
        for node in nodes.iter() {
            let left = |why| LeftOutNode { name: node.name.clone(), why };
            match &node.row {
                _ if node.is_dead() => all.left_out.push(left(LeftOutReason::Dead)),
                None => all.left_out.push(left(LeftOutReason::NoAddress)),
                Some(kept) => found.push((&kept.joined, backend(node, &kept.row, &mut remarks)?)),
            }
        }
        all.remarks = address_remarks(&remarks);
        if let Some((one, other)) = nodes.sharing_an_address() {
            all.remarks.push(format!(
                "Nodes {} and {} have one address, {}: requests for both reach the same server.",
                one.name,
                other.name,
                Untrusted::new(&one.registered().map(NodeRow::reach).unwrap_or_default())
            ));
        }
        found.sort_by(|one, other| (one.0, one.1.name.as_str()).cmp(&(other.0, other.1.name.as_str())));
        all.nodes = found.into_iter().map(|(_, backend)| backend).collect();
        Ok(all)
    }

    /// Says which nodes are left out and why: once for each reason, however many they are.
    pub fn left_out_remarks(&self) -> Vec<String> {
        let said = LeftOutReason::ALL.into_iter().filter_map(|why| {
            let nodes: Vec<&LeftOutNode> = self.left_out.iter().filter(|left| left.why == why).collect();
            (!nodes.is_empty()).then(|| left_out_remark(why, &nodes))
        });
        said.collect()
    }

    /// Reads nodes that were given by hand.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn from_texts(texts: &[String]) -> Result<Self, BadName> {
        let mut all = Self::default();
        for text in texts {
            let backend = Backend::parse(text).map_err(|bad| BadName(format!("--node {}: {bad}", Untrusted::new(text))))?;
            if all.nodes.iter().any(|other| other.name.as_str().eq_ignore_ascii_case(backend.name.as_str())) {
                return Err(BadName(format!("Node {} is there twice.", backend.name.as_str())));
            }
            all.nodes.push(backend);
        }
        Ok(all)
    }
}

/// Returns a node by its row in the registry.
fn backend(node: &NodeSeen, row: &NodeRow, remarks: &mut Vec<AddressRemark>) -> Result<Backend, BadName> {
    let unwritable = |bad: &dyn std::fmt::Display| {
        BadName(format!("Node {} cannot be written into a configuration: {bad} Give all nodes with --node.", node.name))
    };
    let name = NodeName::parse(&row.name).map_err(|bad| unwritable(&bad))?;
    let all = ListenPrefix::parse_all(&row.prefixes).map_err(|bad| unwritable(&bad))?;
    let names_a_host = |prefix: &&ListenPrefix| !prefix.is_for_all() && !is_loopback(&prefix.host);
    let shown = name.as_str();
    let web = if let Some(prefix) = all.iter().find(names_a_host) {
        if !all.iter().any(ListenPrefix::is_for_all) {
            remarks.push(AddressRemark::OneHost { node: shown.to_owned(), host: prefix.host.clone() });
        }
        prefix.clone()
    } else {
        let prefix =
            all.iter().find(|prefix| prefix.is_for_all()).or(all.first()).ok_or_else(|| unwritable(&"it has no prefix."))?;
        let (node, host) = (shown.to_owned(), Untrusted::new(&row.host).to_string());
        remarks.push(if prefix.is_for_all() {
            AddressRemark::NoHost { node, prefix: prefix.to_string(), host }
        } else {
            AddressRemark::Loopback { node, prefix: prefix.to_string(), host, port: prefix.port }
        });
        // A machine reported this host name itself, so the rules for typed prefixes apply.
        let of_row = format!("http://{}:1/", row.host);
        let read = ListenPrefix::parse_all(&of_row).map_err(|bad| unwritable(&bad))?;
        match read.as_slice() {
            [read] if !read.is_for_all() && read.path == "/" => ListenPrefix { host: read.host.clone(), ..prefix.clone() },
            _ => return Err(unwritable(&"its machine's name is none.")),
        }
    };
    let web = require_ascii(&web).map_err(|bad| unwritable(&bad))?;
    Ok(Backend { name, web, comms_port: row.comms_port, grpc_port: row.grpc_port, drained: node.drained })
}

/// Checks that host and path are plain ASCII.
fn require_ascii(web: &ListenPrefix) -> Result<ListenPrefix, BadName> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !web.host.chars().all(good) {
        return Err("A host's name has letters from a to z in it; write a foreign one in its ASCII form (xn--).".into());
    }
    if !web.path.chars().all(|c| good(c) || matches!(c, '/' | '~')) {
        return Err("The path has a character in it that not every load balancer takes.".into());
    }
    Ok(web.clone())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::facts::Heartbeat;
    use crate::model::registry::KeptRow;

    fn node(name: &str, prefixes: &str, host: &str) -> NodeSeen {
        let row = NodeRow {
            name: name.into(),
            address: prefixes.into(),
            host: host.into(),
            system: "Linux".into(),
            program: "0".into(),
            prefixes: prefixes.into(),
            comms_port: 10_943,
            grpc_port: 8_443,
            task_cap: 5,
        };
        NodeSeen {
            name: name.into(),
            row: Some(KeptRow { row, joined: format!("2026-{name}").into(), last_seen: "".into(), drained: false }),
            row_age: Some(Duration::from_secs(60)),
            beat: Heartbeat::Ago(Duration::from_secs(2)),
            version: None,
            task_cap: None,
            drained: false,
        }
    }

    fn only(node: NodeSeen) -> Result<Backends, BadName> {
        Backends::from_cluster(&[node].into())
    }

    #[test]
    fn a_prefix_that_names_no_host_takes_the_machine_s() {
        for (prefixes, url, remarks) in [
            ("http://web01.corp:80/,http://+:80/", "http://web01.corp:80", 0),
            ("http://web01.corp:80/", "http://web01.corp:80", 1),
            ("http://localhost:80/,https://web01.corp/octopus/", "https://web01.corp:443/octopus", 1),
            ("http://+:8080/", "http://host01:8080", 1),
            ("http://localhost:80/,https://*:443/", "https://host01:443", 1),
            ("http://127.0.0.1:80/", "http://host01:80", 1),
        ] {
            let found = only(node("web01", prefixes, "HOST01")).unwrap();
            assert_eq!(found.nodes[0].url(), url, "{prefixes}");
            assert_eq!(found.remarks.len(), remarks, "{:?}", found.remarks);
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused_and_what_is_dead_is_left_out() {
        for (name, prefixes, host) in [
            ("web 01", "http://a:80/", "h"),
            ("web01;}", "http://a:80/", "h"),
            ("web01", "http://+:80/", "h\n}"),
            ("web01", "http://+:80/", "+"),
            ("web01", "http://+:80/", "h/evil"),
            ("web01", "http://b\u{fc}ro:80/", "h"),
            ("web01", "http://a:80/$x;/", "h"),
            ("web01", "", "h"),
        ] {
            assert!(only(node(name, prefixes, host)).is_err(), "{name:?} {prefixes:?} {host:?}");
        }
        let mut dead = node("web 01\n}", "http://a:80/", "h");
        (dead.beat, dead.row_age) = (Heartbeat::Ago(Duration::from_secs(900_000)), Some(Duration::from_secs(900_000)));
        let unknown = NodeSeen { row: None, ..node("web03", "", "") };
        let mut drained = node("a", "http://a:80/", "h");
        drained.drained = true;
        let found = Backends::from_cluster(&[dead, node("b", "http://b:80/", "h"), drained, unknown].into()).unwrap();
        let names: Vec<_> = found.nodes.iter().map(|node| (node.name.as_str(), node.drained)).collect();
        assert_eq!(names, [("a", true), ("b", false)]);
        let whys: Vec<_> = found.left_out.iter().map(|left| (left.name.as_str(), left.why)).collect();
        assert_eq!(whys, [("web 01 }", LeftOutReason::Dead), ("web03", LeftOutReason::NoAddress)]);
    }

    #[test]
    fn nodes_come_in_the_order_in_which_they_joined() {
        let (mut one, mut two) = (node("a", "http://a:80/", "h"), node("b", "http://b:80/", "h"));
        one.row.as_mut().unwrap().joined = "2026-11-02".into();
        two.row.as_mut().unwrap().joined = "2026-11-01".into();
        let found = Backends::from_cluster(&[one, two].into()).unwrap();
        assert_eq!(found.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn one_complaint_of_many_nodes_is_one_line() {
        let nodes: Vec<NodeSeen> = (0..1_000)
            .map(|number| node(&format!("web{number:04}"), "http://+:80/", &format!("web{number:04}.corp")))
            .chain((0..500).map(|number| NodeSeen { row: None, ..node(&format!("app{number:03}"), "http://+:80/", "x") }))
            .collect();
        let found = Backends::from_cluster(&nodes.into()).unwrap();
        let said = [found.left_out_remarks(), found.remarks].concat();
        assert_eq!(
            said,
            [
                "500 nodes (app000, app001, app002, app003, app004 and 495 more) are left out: the registry does not know where they \
                 listen; give all nodes with --node.",
                "1000 nodes (web0000, web0001, web0002, web0003, web0004 and 995 more) listen for prefixes that name no host: their \
                 machines' names are taken, for instance web0000.corp.",
            ]
        );
    }

    #[test]
    fn two_nodes_with_one_address_are_noticed() {
        let said = |nodes: [NodeSeen; 2]| Backends::from_cluster(&nodes.into()).unwrap().remarks.join(" ");
        let one_name = [node("web01", "http://octopus.corp/", "a"), node("web02", "http://OCTOPUS.corp", "b")];
        assert!(said(one_name).contains("Nodes web01 and web02 have one address, http://octopus.corp:"));
        let one_machine = [node("web01", "http://+:80/", "a"), node("web02", "http://+:80/", "A")];
        assert!(said(one_machine).contains("have one address, http://+:80 on a:"));
        assert!(!said([node("web01", "http://+:80/", "a"), node("web02", "http://+:80/", "b")]).contains("one address"));
        let mut dead = node("web02", "http://octopus.corp/", "b");
        (dead.beat, dead.row_age) = (Heartbeat::Never, Some(Duration::from_secs(30 * 24 * 3600)));
        assert!(!said([node("web01", "http://octopus.corp/", "a"), dead]).contains("one address"));
    }

    #[test]
    fn nodes_are_given_by_hand() {
        let node = Backend::parse("web01=https://[fe80::1]:444/octopus,10944").unwrap();
        assert_eq!((node.url().as_str(), node.comms_port), ("https://[fe80::1]:444/octopus", 10_944));
        assert_eq!(Backend::parse("web01=http://a").unwrap().comms_port, 10_943);
        for bad in
            ["web01", "web 01=http://a", "w=http://+:80/", "w=ftp://a", "w=http://a,0", "w=http://a,x", "w=http://a http://b"]
        {
            assert!(Backend::parse(bad).is_err(), "{bad}");
        }
        let twice = ["a=http://a".to_owned(), "A=http://b".to_owned()];
        assert!(Backends::from_texts(&twice).is_err());
    }
}
