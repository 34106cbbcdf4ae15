//! First nodes that begin at the same moment, on one database and one storage root.

use std::process::{Child, Command, Output, Stdio};

use crate::program::*;
use crate::scene::*;
use crate::support::canaries::files;

const NODES: usize = 64;

/// Everything of this test that is warned of is so on purpose: the storage is on this very disk.
const ACCEPTED: &str = "--accept=storage-disk";

fn first_of<'a>(site: &'a Site, node: &'a str, root: &Path) -> Program<'a> {
    let mut program = Program::with_flags(site, Flow::FirstNode, node, "");
    program.words.retain(|word| !word.starts_with("--key-file="));
    let key = site.home(&format!("{node}.key")).display().to_string();
    program.and(&["--key-file", &key, "--storage=root", "--storage-root", &root.display().to_string(), ACCEPTED])
}

fn outputs(children: Vec<Child>) -> Vec<Output> {
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

/// The command that a loser was given, for a shell.
fn given(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, rest) = said.split_once("To add this server to that cluster").unwrap_or_else(|| panic!("{}", told(output)));
    let lines: Vec<&str> = rest.lines().skip(1).map_while(|line| line.strip_prefix("  ")).collect();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_first_nodes_at_once_one_wins_and_the_others_leave_nothing_and_join() {
    let site = Site::start().await;
    let root = site.home("shared");
    std::fs::create_dir(&root).unwrap();
    let names: Vec<String> = (1..=NODES).map(|number| format!("node-{number}")).collect();
    let all: Vec<Program<'_>> = names.iter().map(|name| first_of(&site, name, &root)).collect();
    let mut ended = outputs(all.iter().map(Program::begin).collect());
    // One whose checks ran out of time on a machine that is this busy has written nothing, and tries again.
    for _ in 0..NODES {
        for (program, output) in all.iter().zip(&mut ended).filter(|(_, output)| output.status.code() == Some(4)) {
            *output = program.run();
        }
    }
    let won: Vec<usize> = (0..NODES).filter(|place| ended[*place].status.code() == Some(0)).collect();
    let [winner] = won[..] else { panic!("{won:?} have won\n{}", told(&ended[0])) };
    let key = std::fs::read_to_string(site.home(&format!("{}.key", names[winner]))).unwrap();
    let losers: Vec<usize> = (0..NODES).filter(|place| *place != winner).collect();
    let mut joining = Vec::new();
    for place in losers {
        let (name, output) = (&names[place], &ended[place]);
        ends(output, 5);
        assert!(told(output).contains(&names[winner]), "who was faster\n{}", told(output));
        assert!(!site.home(name).exists() && !site.home(&format!("{name}.key")).exists(), "{name}\n{}", told(output));
        assert_eq!(all[place].journals(), 0, "{name}");
        let script = format!("octopus-setup() {{ \"$PROGRAM\" \"$@\"; }}\n{}", given(output));
        let mut command = Command::new("bash");
        command
            .args(["-c", &script])
            .env("PROGRAM", env!("CARGO_BIN_EXE_octopus-setup"))
            .env("OCTOPUS_SETUP_STATE_DIR", all[place].state());
        command.env(FieldId::MasterKey.variable(), key.trim()).envs(all[place].environment.iter().cloned());
        joining.push((name, command));
    }
    let stray: Vec<PathBuf> =
        files(&root).into_iter().filter(|path| !path.ends_with(format!("{}.canary", names[winner]))).collect();
    assert_eq!(stray, Vec::<PathBuf>::new(), "the losers' files");
    let begun: Vec<(&String, Command, Child)> = joining
        .into_iter()
        .map(|(name, mut command)| {
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let child = command.spawn().unwrap();
            (name, command, child)
        })
        .collect();
    for (name, mut command, child) in begun {
        let mut output = child.wait_with_output().unwrap();
        // The server, and this machine, may be too busy to answer all of them in time.
        for _ in 0..3 {
            if matches!(output.status.code(), Some(4 | 7)) {
                output = command.output().unwrap();
            }
        }
        assert_eq!(output.status.code(), Some(0), "{name} joins\n{}", told(&output));
    }
}
