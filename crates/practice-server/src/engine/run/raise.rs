//! `THROW` and `RAISERROR`.

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use super::super::fault::{Fault, Reach};
use super::{Frame, Run};
use crate::value::SqlType;

impl Run<'_> {
    fn number(&mut self, expr: &Expr, frame: &Frame) -> Result<i64, Fault> {
        match self.value_as(expr, SqlType::Int, &frame.variables)? {
            Stored::Integer(number) => Ok(number),
            _ => Ok(0),
        }
    }

    pub(super) fn throw(&mut self, arguments: Option<&(Expr, Expr, Expr)>, frame: &Frame) -> Result<(), Fault> {
        let Some((number, message, state)) = arguments else {
            let Some(caught) = self.session.caught.clone() else {
                return Err(Fault::new(
                    10704,
                    "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement \
                     inside a CATCH block, or add error parameters to the THROW statement.",
                )
                .class(15)
                .reach(Reach::Compile));
            };
            let mut again = Fault::clone(&caught);
            again.reach = Reach::Batch;
            again.settled = false;
            again.terminated = false;
            return Err(again);
        };
        let number = self.number(number, frame)?;
        let text = self.text_of(message, &frame.variables)?;
        let state = self.number(state, frame)?;
        let number = i32::try_from(number).ok().filter(|number| *number >= 50000).ok_or_else(|| {
            Fault::new(
                35100,
                format!("Error number {number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647."),
            )
            .state(10)
        })?;
        Err(Fault::new(number, text).state(u8::try_from(state).unwrap_or(255)).reach(Reach::Batch))
    }

    pub(super) fn raise_error(&mut self, head: [&Expr; 3], arguments: &[Expr], frame: &Frame) -> Result<(), Fault> {
        let [message, severity, state] = head;
        let (value, _) = self.value(message, &frame.variables)?;
        let Stored::Text(format) = value else {
            return Err(Fault::unsupported("RAISERROR of a message number"));
        };
        let severity = self.number(severity, frame)?;
        let state = u8::try_from(self.number(state, frame)?).unwrap_or(1);
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, &frame.variables)?);
        }
        let text = formatted(&format, &values)?;
        if severity <= 10 {
            let fault = Fault::new(50000, text).class(u8::try_from(severity.max(0)).unwrap_or(0)).state(state);
            self.say(crate::reply::Reply::Message(fault.message()));
            return Ok(());
        }
        if severity > 18 {
            return Err(Fault::unsupported("RAISERROR of a severity above 18"));
        }
        let mut fault = Fault::new(50000, text).class(u8::try_from(severity).unwrap_or(16)).state(state);
        fault.raised = true;
        Err(fault)
    }
}

/// `%s`, `%d`, `%i`, `%u` and `%%`.
fn formatted(format: &str, values: &[(Stored, SqlType)]) -> Result<String, Fault> {
    let mut text = String::new();
    let mut values = values.iter();
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            text.push(char);
            continue;
        }
        match chars.next() {
            Some('%') | None => text.push('%'),
            Some('s' | 'd' | 'i' | 'u') => match values.next() {
                None | Some((Stored::Null, _)) => text.push_str("(null)"),
                Some((value, kind)) => match super::super::convert::convert(value.clone(), *kind, SqlType::NVarChar(None), 0)? {
                    Stored::Text(part) => text.push_str(&part),
                    _ => text.push_str("(null)"),
                },
            },
            Some(other) => return Err(Fault::unsupported(format!("The format %{other} of RAISERROR"))),
        }
    }
    Ok(text)
}
