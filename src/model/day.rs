//! Days and moments as they are written down in recordings.

/// A day, where there is one, as the number of its Julian day.
pub mod optional {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::Date;

    /// Writes it.
    pub fn serialize<S: Serializer>(day: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
        day.map(Date::to_julian_day).serialize(to)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        let day = Option::<i32>::deserialize(from)?;
        day.map(|day| Date::from_julian_day(day).map_err(D::Error::custom)).transpose()
    }
}

/// The same as a fact.
pub mod fact {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::Date;

    use crate::model::facts::Fact;

    #[derive(Serialize, Deserialize)]
    struct Day(#[serde(with = "super::optional")] Option<Date>);

    /// Writes it.
    pub fn serialize<S: Serializer>(day: &Fact<Option<Date>>, to: S) -> Result<S::Ok, S::Error> {
        day.clone().map(Day).serialize(to)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Fact<Option<Date>>, D::Error> {
        Ok(Fact::<Day>::deserialize(from)?.map(|day| day.0))
    }
}

/// A moment, as seconds since 1970.
pub mod moment {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::OffsetDateTime;

    /// Writes it.
    pub fn serialize<S: Serializer>(moment: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
        moment.unix_timestamp().serialize(to)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<OffsetDateTime, D::Error> {
        OffsetDateTime::from_unix_timestamp(i64::deserialize(from)?).map_err(D::Error::custom)
    }
}
