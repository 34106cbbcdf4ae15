//! `SET`.

use super::super::fault::Fault;
use super::super::principal::On;
use super::Run;
use crate::tsql::statement::Setting;

impl Run<'_> {
    pub(super) fn setting(&mut self, setting: &Setting) -> Result<(), Fault> {
        let settings = &mut self.session.settings;
        match setting {
            Setting::NoCount(on) => settings.no_count = *on,
            Setting::XactAbort(on) => settings.xact_abort = *on,
            Setting::QuotedIdentifier(on) => settings.quoted = *on,
            Setting::ImplicitTransactions(on) => settings.implicit = *on,
            Setting::LockTimeout(limit) => settings.lock_timeout = *limit,
            Setting::TextSize(size) => settings.text_size = *size,
            Setting::Isolation(level) => settings.isolation = *level,
            Setting::Language(language) => {
                let text = format!("Changed language setting to {language}.");
                self.inform(5703, &text);
            }
            // Dates are read in their unambiguous forms alone, so the order of their parts never matters.
            Setting::DateFormat(_) | Setting::RowCount(_) | Setting::Ansi => {}
            Setting::IdentityInsert { table, on } => {
                let context = self.session.context()?;
                let binder = super::super::bind::Binder::new(&context, &super::super::session::EMPTY);
                let table = binder.table(table, "ALTER")?;
                debug_assert!(context.who.may(&context.catalog, "ALTER", On::Table(&table)));
                if !table.columns.iter().any(|column| column.identity.is_some()) {
                    return Err(Fault::new(
                        8106,
                        format!(
                            "Table '{}' does not have the identity property. Cannot perform SET operation.",
                            context.catalog.full_name(&table)
                        ),
                    ));
                }
                self.session.settings.identity_insert = on.then_some(table.id);
            }
        }
        Ok(())
    }
}
