//! The types that are known before anything runs. [`Type::Any`] is an unknown type, and never raises a problem.

use cel::common::ast::LiteralValue;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Any,
    Bool,
    Int,
    UInt,
    Double,
    Text,
    Bytes,
    Null,
    /// The name of a type, as `type(x)` gives it.
    Name,
    List(Box<Type>),
    /// The type of its values.
    Map(Box<Type>),
    Optional(Box<Type>),
    /// `params`, `run`, `steps`, and a step of it: maps whose keys are known.
    Params,
    Run,
    Steps,
    Step,
}

impl Type {
    pub(super) fn literal(value: &LiteralValue) -> Self {
        match value {
            LiteralValue::Boolean(_) => Self::Bool,
            LiteralValue::Bytes(_) => Self::Bytes,
            LiteralValue::Double(_) => Self::Double,
            LiteralValue::Int(_) => Self::Int,
            LiteralValue::Null => Self::Null,
            LiteralValue::String(_) => Self::Text,
            LiteralValue::UInt(_) => Self::UInt,
        }
    }

    pub(super) fn list(of: Type) -> Self {
        Self::List(Box::new(of))
    }

    pub(super) fn map(of: Type) -> Self {
        Self::Map(Box::new(of))
    }

    /// The type's name in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Bool => "true or false",
            Self::Int | Self::UInt | Self::Double => "a number",
            Self::Text => "a string",
            Self::Bytes => "bytes",
            Self::Null => "null",
            Self::Name => "a type",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Params | Self::Run | Self::Steps | Self::Step => "a map",
            Self::Optional(_) => "an optional value",
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::UInt | Self::Double)
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_) | Self::Params | Self::Run | Self::Steps | Self::Step)
    }

    /// Whether the value can have the wanted type.
    pub(super) fn may_be(&self, wanted: &Type) -> bool {
        *self == Self::Any || self == wanted
    }

    /// Whether the two can be equal: numbers of all kinds compare, and lists of any kind may be empty.
    pub(super) fn may_equal(&self, other: &Type) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::List(_), Self::List(_)) | (Self::Optional(_), Self::Optional(_)) => true,
            (a, b) if a.is_number() && b.is_number() => true,
            (a, b) if a.is_map() && b.is_map() => true,
            (a, b) => a == b,
        }
    }

    /// The type of a value that is one or the other.
    pub(super) fn or(self, other: Type) -> Self {
        if self == other { self } else { Self::Any }
    }

    /// The type of all of them.
    pub(super) fn of_all(types: Vec<Type>) -> Self {
        types.into_iter().reduce(Type::or).unwrap_or(Self::Any)
    }

    /// The type of the loop variable; `None`: the value cannot be looped over.
    pub(super) fn element(&self) -> Option<Type> {
        match self {
            Self::Any => Some(Self::Any),
            Self::List(of) => Some((**of).clone()),
            // A map literal in the condition may have other keys.
            Self::Map(_) => Some(Self::Any),
            map if map.is_map() => Some(Self::Text),
            _ => None,
        }
    }
}
