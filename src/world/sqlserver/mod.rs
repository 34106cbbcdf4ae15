//! The connection to SQL Server, and the only code that knows tiberius.
//!
//! The rest of the program needs [`SqlServer`] only. A module uses those below it, never those above:
//!
//! | module | does |
//! |---|---|
//! | `registry`, `cluster` | write the registry; read the cluster and what a key can be checked against |
//! | `server` | [`SqlServer`]: surveys, and keeps one session |
//! | `survey` | puts the survey's batch together, reads its reply; looks from `master` where the database does not open |
//! | `content` | tells what a database holds |
//! | `batch` | fills and sends SQL, reads rows |
//! | `connect` | makes a connection: `resolve`, `dial`, `prelogin`, `tls` (both by `encrypt`), `login` |
//! | `errors`, `limits` | what may be tried again; error numbers and [`Trouble`](crate::model::facts::Trouble)s; time limits |
//!
//! The statements are in `sql/`, in a folder for each of `survey`, `registry` and `cluster`. Each says who sends it, which rights
//! it needs and which servers take it.

mod batch;
mod cluster;
mod connect;
mod content;
mod errors;
mod limits;
mod registry;
mod server;
mod survey;

pub use registry::{Membership, Undone};
pub use server::{Patience, SqlServer};
