//! System procedures, by `EXECUTE` and by remote procedure call.

use rusqlite::types::Value as Stored;

use super::super::bind::{Variable, Variables};
use super::super::convert;
use super::super::fault::{Fault, Reach};
use super::super::stored::{from_wire, to_wire};
use super::super::types;
use super::query::assign;
use super::{Frame, Run};
use crate::reply::Reply;
use crate::tsql;
use crate::tsql::names::Name;
use crate::tsql::statement::Argument;
use crate::value::{Parameter, SqlType};

/// An argument with its value.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// With the `@`, in small letters; empty by position.
    pub(super) name: String,
    pub(super) value: Stored,
    /// Unknown for a bare `NULL` of the wire.
    pub(super) kind: Option<SqlType>,
    pub(super) output: bool,
}

/// What a procedure came to: its status, and its outputs by the argument's place.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) status: i32,
    pub(super) outputs: Vec<(usize, String, SqlType, Stored)>,
}

/// Arguments, found by name or place.
pub(super) struct Arguments<'a> {
    pub(super) given: &'a [Given],
}

impl Arguments<'_> {
    fn at(&self, place: usize, name: &str) -> Option<&Given> {
        self.given
            .iter()
            .find(|one| one.name.eq_ignore_ascii_case(name))
            .or_else(|| self.given.get(place).filter(|one| one.name.is_empty()))
    }

    pub(super) fn text(&self, place: usize, name: &str) -> Result<Option<String>, Fault> {
        self.at(place, name).map_or(Ok(None), |one| {
            let kind = one.kind.unwrap_or(SqlType::NVarChar(None));
            match convert::convert(one.value.clone(), kind, SqlType::NVarChar(None), 0)? {
                Stored::Text(text) => Ok(Some(text)),
                _ => Ok(None),
            }
        })
    }

    pub(super) fn number(&self, place: usize, name: &str) -> Result<Option<i64>, Fault> {
        self.at(place, name).map_or(Ok(None), |one| {
            let kind = one.kind.unwrap_or(SqlType::Int);
            match convert::convert(one.value.clone(), kind, SqlType::Int, 0)? {
                Stored::Integer(number) => Ok(Some(number)),
                _ => Ok(None),
            }
        })
    }

    /// 201, and 8145 for names that the procedure has not.
    pub(super) fn check(&self, procedure: &str, known: &[&str], needed: usize) -> Result<(), Fault> {
        for one in self.given {
            if !one.name.is_empty() && !known.iter().any(|name| one.name.eq_ignore_ascii_case(name)) {
                return Err(Fault::new(8145, format!("{} is not a parameter for procedure {procedure}.", one.name)).state(2));
            }
        }
        if self.given.len() > known.len() {
            return Err(Fault::new(8144, format!("Procedure or function {procedure} has too many arguments specified.")).state(2));
        }
        for (place, name) in known.iter().enumerate().take(needed) {
            if self.at(place, name).is_none() {
                return Err(Fault::new(
                    201,
                    format!("Procedure or function '{procedure}' expects parameter '{name}', which was not supplied."),
                )
                .state(4));
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// `EXECUTE @result = procedure …`.
    pub(super) fn execute(
        &mut self,
        result: Option<&str>,
        procedure: &Name,
        arguments: &[Argument],
        frame: &mut Frame,
    ) -> Result<(), Fault> {
        let mut given = Vec::new();
        let mut targets = Vec::new();
        for argument in arguments {
            let default = matches!(&argument.value, sqlparser::ast::Expr::Identifier(ident) if ident.value == "DEFAULT");
            if default {
                return Err(Fault::unsupported("DEFAULT as an argument"));
            }
            let (value, kind) = self.value(&argument.value, &frame.variables)?;
            targets.push(match &argument.value {
                sqlparser::ast::Expr::Identifier(ident) if argument.output => Some(ident.value.to_lowercase()),
                _ => None,
            });
            given.push(Given {
                name: argument.name.clone().unwrap_or_default(),
                value,
                kind: Some(kind),
                output: argument.output,
            });
        }
        let outcome = self.procedure(procedure, &given)?;
        for (place, _, kind, value) in outcome.outputs {
            if let Some(Some(target)) = targets.get(place) {
                assign(&mut frame.variables, target, value, kind)?;
            }
        }
        if let Some(result) = result {
            assign(&mut frame.variables, result, Stored::Integer(i64::from(outcome.status)), SqlType::Int)?;
        }
        Ok(())
    }

    /// A remote procedure call.
    pub(super) fn remote(&mut self, procedure: &str, parameters: &[Parameter]) -> Result<(), Fault> {
        let given: Vec<Given> = parameters
            .iter()
            .map(|parameter| {
                let (value, natural) = from_wire(&parameter.value);
                let kind = match (parameter.kind, &parameter.value) {
                    (_, crate::value::Value::Null) => parameter.kind,
                    // The unscaled number keeps the scale that it came with.
                    (Some(SqlType::Decimal { precision, .. }), crate::value::Value::Decimal(_, scale)) => {
                        Some(SqlType::Decimal { precision: precision.min(18), scale: *scale })
                    }
                    (Some(kind), _) => Some(kind),
                    (None, _) => Some(natural),
                };
                Given { name: parameter.name.to_lowercase(), value, kind, output: parameter.output }
            })
            .collect();
        let name = Name::read(procedure).unwrap_or_else(|| Name::plain(procedure));
        let result = self.procedure(&name, &given);
        // A call made at top has no statement around it that would decide what an error ends.
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(fault) => {
                if !fault.settled && fault.number != super::INTERRUPTED && self.session.nesting > 0 && fault.reach == Reach::Doom
                {
                    self.session.rollback_all();
                }
                self.session.error = fault.number;
                return Err(fault);
            }
        };
        self.say(Reply::ReturnStatus(outcome.status));
        for (_, name, kind, value) in outcome.outputs {
            self.say(Reply::ReturnValue { name, kind, value: to_wire(value, kind) });
        }
        Ok(())
    }

    fn procedure(&mut self, name: &Name, given: &[Given]) -> Result<Outcome, Fault> {
        let lower = name.object().to_lowercase();
        let arguments = Arguments { given };
        match lower.as_str() {
            "sp_executesql" => self.sp_executesql(given),
            "sp_getapplock" => self.sp_getapplock(&arguments),
            "sp_releaseapplock" => self.sp_releaseapplock(&arguments),
            "sp_reset_connection" => {
                self.session.reset();
                Ok(Outcome::default())
            }
            _ => Err(Fault::new(2812, format!("Could not find stored procedure '{name}'.")).state(62)),
        }
    }

    fn sp_executesql(&mut self, given: &[Given]) -> Result<Outcome, Fault> {
        let arguments = Arguments { given };
        let text = arguments.text(0, "@stmt")?.or(arguments.text(0, "@statement")?);
        let Some(text) = text else {
            return Err(Fault::new(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.").state(2));
        };
        if matches!(given.first(), Some(Given { kind: Some(SqlType::VarChar(_)), .. })) {
            return Err(Fault::new(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.").state(2));
        }
        let declarations = arguments.text(1, "@params")?.or(arguments.text(1, "@parameters")?).unwrap_or_default();
        self.with_parameters(&text, &declarations, given.get(2..).unwrap_or_default(), 2)
    }

    /// Runs a text with declared parameters.
    fn with_parameters(&mut self, text: &str, declarations: &str, given: &[Given], skipped: usize) -> Result<Outcome, Fault> {
        let declared = tsql::parameters(declarations)?;
        let mut variables = Variables::new();
        for (place, parameter) in declared.iter().enumerate() {
            let kind = types::declared(&parameter.kind, 1)?;
            let value = given
                .iter()
                .find(|one| one.name == parameter.name)
                .or_else(|| given.get(place).filter(|one| one.name.is_empty()));
            let Some(value) = value else {
                return Err(Fault::new(
                    8178,
                    format!(
                        "The parameterized query '({declarations}){}' expects the parameter '{}', which was not supplied.",
                        text.chars().take(60).collect::<String>(),
                        parameter.name
                    ),
                ));
            };
            variables.insert(parameter.name.clone(), Variable { kind: kind.kind, fixed: kind.fixed, value: Stored::Null });
            assign(&mut variables, &parameter.name, value.value.clone(), value.kind.unwrap_or(kind.kind))?;
        }
        if let Some(stray) = given.iter().find(|one| !one.name.is_empty() && !declared.iter().any(|known| known.name == one.name))
        {
            return Err(Fault::new(8145, format!("{} is not a parameter for procedure sp_executesql.", stray.name)).state(2));
        }
        if given.len() > declared.len() {
            return Err(Fault::new(8144, "Procedure or function sp_executesql has too many arguments specified.").state(2));
        }
        let mut frame = super::dynamic::frame_of(variables);
        self.nested(text, &mut frame)?;
        let mut outputs = Vec::new();
        for (place, one) in given.iter().enumerate().filter(|(_, one)| one.output) {
            let parameter = declared.iter().find(|known| known.name == one.name).or(declared.get(place));
            if let Some(variable) = parameter.and_then(|parameter| frame.variables.get(&parameter.name)) {
                let name = parameter.map_or_else(String::new, |parameter| parameter.name.clone());
                outputs.push((place + skipped, name, variable.kind, variable.value.clone()));
            }
        }
        Ok(Outcome { status: 0, outputs })
    }
}
