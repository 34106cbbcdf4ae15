//! Nodes to be rendered: an ordinary one, and such as nobody would have thought of.

use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::{Fingerprint, KeySize};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::node::{Administrator, Node, ServiceAccount};
use octopus_setup::model::secret::SecretString;
use octopus_setup::model::storage::{SharedFolder, SharedStorage};
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::model::web::{ListenPrefix, TrustedProxy, Web};
use octopus_setup::render::Setup;
use proptest::prelude::*;
use proptest::sample::select;

/// Canaries, which no rendering by reference may hold.
pub const CANARIES: [&str; 3] = ["c4nary-password", "c4nary-service", "c4nary-admin"];

/// An ordinary node.
pub fn ordinary() -> Node {
    Node {
        platform: octopus_setup::model::platform::Platform::Linux,
        instance: "OctopusServer".into(),
        home: "/var/lib/octopus".into(),
        name: "web01".into(),
        service: ServiceAccount { kind: AccountKind::LocalSystem, user: String::new(), password: None },
        target: Target {
            address: ServerAddress::parse("sql01.corp.example,1433").unwrap(),
            database: DatabaseName::parse("OctopusDeploy").unwrap(),
            sign_in: SignIn::sql_login("octopus", SecretString::from(CANARIES[0])),
            encryption: Encryption::Mandatory,
            trust: Trust::SystemRoots,
            multi_subnet: false,
        },
        create_database: true,
        web: Web {
            prefixes: ListenPrefix::parse_all("http://+:80/").unwrap(),
            force_ssl: false,
            comms_port: 10943,
            grpc_port: 8443,
            trusted_proxies: Vec::new(),
        },
        key_size: KeySize::Aes256,
        task_cap: 5,
        storage: SharedStorage::None,
        administrator: None,
        licensed: false,
        start_service: true,
    }
}

/// An ordinary node with a service account of its own.
pub fn with_account(kind: AccountKind) -> Node {
    let password = (kind == AccountKind::Custom).then(|| SecretString::from(CANARIES[1]));
    Node { service: ServiceAccount { kind, user: "CORP\\svc-octopus$".into(), password }, ..ordinary() }
}

/// A first node with all that concerns the whole cluster.
pub fn whole() -> Node {
    let password = SecretString::from(CANARIES[2]);
    Node {
        platform: octopus_setup::model::platform::Platform::Linux,
        administrator: Some(Administrator { user: "admin".into(), email: "admin@corp.example".into(), password }),
        licensed: true,
        storage: SharedStorage::Root("/srv/octopus".into()),
        ..with_account(AccountKind::Custom)
    }
}

/// As which one it is set up.
pub fn setup(flow: Flow, node: &Node) -> Setup<'_> {
    Setup { flow, node, fingerprint: Some(Fingerprint([0xfd, 0x92, 0x23, 0xa3])) }
}

/// Text that means something to shells, to YAML or to command lines.
pub fn hostile() -> impl Strategy<Value = String> {
    let parts = [
        "'", "\"", "`", "$", "$(id)", "${HOME}", "$$", "\\", "\\\\", "\\\"", "\n", "\r\n", "\t", " ", "!", "!!", "*", "?", "~",
        ";", "&", "|", "<", ">", "(", ")", "{", "}", "{{", "{%", "{#", "[", "]", "#", "=", ",", "%PATH%", "^", "-", "--create",
        "@", ":", ": ", "- ", "é", "Ž", "章魚", "🐙", "‘", "’", "‚", "‛", "“", "”", "\u{85}", "\u{2028}", "\u{feff}", "\u{7f}",
        "\u{1b}", "\u{1}", "a", "B", "7", "yes", "null", "0x10", "env:",
    ];
    prop_oneof![
        4 => proptest::collection::vec(select(parts.to_vec()), 0..8).prop_map(|parts| parts.concat()),
        1 => "[^\\x00]{0,20}",
    ]
}

/// A node whose every value is hostile.
pub fn any_node() -> impl Strategy<Value = Node> {
    let texts = (hostile(), hostile(), hostile(), hostile(), hostile());
    let kind = select(vec![AccountKind::LocalSystem, AccountKind::Custom, AccountKind::Managed]);
    let trust =
        select(vec![Trust::SystemRoots, Trust::CaFile("/etc/ca.pem".into()), Trust::Fingerprint([7; 32]), Trust::Nothing]);
    let web = select(vec!["http://localhost:80/", "https://web01.corp/, http://+:8080/octo/"]);
    let folders = || (hostile(), hostile());
    let storage = prop_oneof![
        Just(SharedStorage::None),
        hostile().prop_map(|root| SharedStorage::Root(root.into())),
        folders().prop_map(|(logs, packages)| {
            SharedStorage::Folders(vec![(SharedFolder::TaskLogs, logs.into()), (SharedFolder::Packages, packages.into())])
        }),
    ];
    let administrator = proptest::option::of((hostile(), hostile()).prop_map(|(user, email)| Administrator {
        user,
        email,
        password: SecretString::from(CANARIES[2]),
    }));
    let further = (storage, administrator, any::<bool>(), any::<bool>());
    (texts, "[a-zA-Z0-9 ';=\"$`\\\\é章-]{1,12}", kind, trust, web, any::<[u16; 3]>(), any::<bool>(), further).prop_map(
        |(
            (instance, home, name, user, account),
            database,
            kind,
            trust,
            web,
            [comms_port, grpc_port, task_cap],
            on,
            (storage, administrator, licensed, start_service),
        )| {
            let plain = ordinary();
            let database = DatabaseName::parse(&database).unwrap_or_else(|_| plain.target.database.clone());
            Node {
                instance,
                home: home.into(),
                name,
                service: ServiceAccount { user: account, ..with_account(kind).service },
                target: Target {
                    database,
                    sign_in: SignIn::sql_login(user, CANARIES[0]),
                    trust,
                    multi_subnet: on,
                    ..plain.target.clone()
                },
                web: Web {
                    prefixes: ListenPrefix::parse_all(web).unwrap(),
                    force_ssl: on,
                    comms_port,
                    grpc_port,
                    trusted_proxies: TrustedProxy::parse_all(if on { "10.0.4.20,2001:db8::/32" } else { "" }).unwrap(),
                },
                task_cap,
                storage,
                administrator,
                licensed,
                start_service,
                ..plain
            }
        },
    )
}

/// The login that a node signs in by.
pub fn login(node: &Node) -> &String {
    let SignIn::SqlLogin { user, .. } = &node.target.sign_in;
    user
}
