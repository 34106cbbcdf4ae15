//! From what went wrong below to [`Trouble`].

use std::io;
use std::time::Duration;

use crate::model::facts::{SqlTrouble, Trouble};
use crate::model::untrusted::Untrusted;

/// What tiberius says, on a connection that was up.
pub fn of_tiberius(error: &tiberius::error::Error) -> Trouble {
    match error {
        tiberius::error::Error::Server(token) => Trouble::Sql(SqlTrouble {
            number: token.code(),
            state: token.state(),
            class: token.class(),
            text: Untrusted::new(token.message()),
        }),
        tiberius::error::Error::Io { kind, message } => of_kind(*kind, message),
        tiberius::error::Error::Routing { .. } => Trouble::RoutedTooOften,
        other => Trouble::Io(Untrusted::new(&other.to_string())),
    }
}

/// What the operating system says, on a connection that was up.
pub fn of_io(error: &io::Error) -> Trouble {
    of_kind(error.kind(), &error.to_string())
}

fn of_kind(kind: io::ErrorKind, text: &str) -> Trouble {
    use io::ErrorKind as Kind;
    match kind {
        Kind::UnexpectedEof
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::NotConnected
        | Kind::TimedOut
        | Kind::WriteZero => Trouble::ConnectionLost,
        _ => Trouble::Io(Untrusted::new(text)),
    }
}

/// A future that must end in time, on a connection that is up.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T> + Send) -> Result<T, Trouble> {
    tokio::time::timeout(limit, work).await.map_err(|_| Trouble::Silent { waited: limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_in_the_middle_is_a_lost_connection() {
        assert_eq!(of_io(&io::ErrorKind::UnexpectedEof.into()), Trouble::ConnectionLost);
        assert_eq!(of_io(&io::ErrorKind::ConnectionReset.into()), Trouble::ConnectionLost);
        assert!(matches!(of_io(&io::ErrorKind::PermissionDenied.into()), Trouble::Io(_)));
    }

    #[test]
    fn other_words_of_the_driver_are_kept() {
        let error = tiberius::error::Error::Protocol("odd".into());
        assert_eq!(of_tiberius(&error), Trouble::Io(Untrusted::new("Protocol error: odd")));
    }
}
