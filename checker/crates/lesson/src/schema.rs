//! The lesson format's JSON Schema, generated from the types of [`crate::format`].
//!
//! Editors complete and check `lesson.yaml` with it. What a schema cannot say (exactly one place, unique ids) is
//! checked by [`crate::parse`].

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::format::{CheckHeader, FieldExpected, Header, Matcher, Matchers, Place};

/// The schema of a whole `lesson.yaml`.
pub fn lesson_schema() -> Value {
    let mut generator = SchemaGenerator::default();
    let mut lesson = Header::json_schema(&mut generator);
    add_property(&mut lesson, "checks", check_list(&mut generator));
    require(&mut lesson, "checks");
    let mut schema = lesson.to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert(
            "$schema".into(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        object.insert("title".into(), json!("A lesson of the course"));
        object.insert(
            "$defs".into(),
            Value::Object(generator.take_definitions(true)),
        );
    }
    schema
}

fn check_list(generator: &mut SchemaGenerator) -> Schema {
    let look = look(generator);
    generator
        .definitions_mut()
        .insert("Look".into(), look.clone().to_value());
    let mut check = CheckHeader::json_schema(generator);
    for (name, property) in properties(&look) {
        add_property(&mut check, &name, schema_of(property));
    }
    schemars::json_schema!({"type": "array", "minItems": 1, "items": check.to_value()})
}

/// A place and matchers, or several of them.
fn look(generator: &mut SchemaGenerator) -> Schema {
    let places = generator.subschema_for::<Place>();
    let matchers = generator.subschema_for::<Matcher>();
    let mut look = map_of_variants(places, generator);
    for (name, property) in properties(&map_of_variants(matchers, generator)) {
        add_property(&mut look, &name, schema_of(property));
    }
    for name in ["all", "any"] {
        add_property(
            &mut look,
            name,
            schemars::json_schema!({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Look"}}),
        );
    }
    look
}

/// Turns "one of these single-key maps" into "a map of these keys".
fn map_of_variants(variants: Schema, generator: &mut SchemaGenerator) -> Schema {
    let reference = variants
        .get("$ref")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let resolved = match reference
        .as_deref()
        .and_then(|name| name.rsplit('/').next())
    {
        Some(name) => generator
            .definitions()
            .get(name)
            .cloned()
            .unwrap_or_default(),
        None => variants.to_value(),
    };
    let mut map = schemars::json_schema!({"type": "object", "additionalProperties": false});
    for variant in resolved
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let description = variant.get("description").cloned();
        for (name, property) in variant
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let mut property = property.clone();
            if let (Some(object), Some(description)) = (property.as_object_mut(), &description) {
                object.insert("description".into(), description.clone());
            }
            add_property(&mut map, name, schema_of(property));
        }
    }
    map
}

fn add_property(schema: &mut Schema, name: &str, property: Schema) {
    let properties = schema
        .ensure_object()
        .entry("properties")
        .or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(name.to_owned(), property.to_value());
    }
}

fn require(schema: &mut Schema, name: &str) {
    let required = schema
        .ensure_object()
        .entry("required")
        .or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut() {
        required.push(json!(name));
    }
}

fn properties(schema: &Schema) -> Map<String, Value> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn schema_of(value: Value) -> Schema {
    Schema::try_from(value).unwrap_or_default()
}

impl JsonSchema for Matchers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Matchers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        map_of_variants(generator.subschema_for::<Matcher>(), generator)
    }
}

impl JsonSchema for FieldExpected {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FieldExpected".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = map_of_variants(generator.subschema_for::<Matcher>(), generator);
        add_property(
            &mut schema,
            "path",
            schemars::json_schema!({"type": "string"}),
        );
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{HEADER_KEYS, PLACE_KEYS};

    fn keys<T: JsonSchema>() -> Vec<String> {
        let mut generator = SchemaGenerator::default();
        let schema = T::json_schema(&mut generator);
        let map = if schema.get("oneOf").is_some() {
            map_of_variants(schema, &mut generator)
        } else {
            schema
        };
        properties(&map).keys().cloned().collect()
    }

    #[test]
    fn the_key_lists_of_the_parser_are_those_of_the_types() {
        assert_eq!(keys::<CheckHeader>(), HEADER_KEYS);
        assert_eq!(keys::<Place>(), PLACE_KEYS);
    }

    #[test]
    fn a_check_of_the_schema_knows_places_matchers_and_combinations() {
        let schema = lesson_schema();
        let check = schema
            .pointer("/properties/checks/items/properties")
            .expect("checks have properties");
        for key in [
            "id", "compose", "http", "reaches", "equals", "all", "any", "advice",
        ] {
            assert!(check.get(key).is_some(), "{key} is missing");
        }
        assert!(check.pointer("/reaches/description").is_some());
    }

    #[test]
    fn every_reference_of_the_schema_leads_somewhere() {
        let schema = lesson_schema();
        let text = schema.to_string();
        for reference in text.split("\"$ref\":\"").skip(1) {
            let reference = reference.split('"').next().unwrap_or_default();
            let pointer = reference.trim_start_matches('#');
            assert!(
                schema.pointer(pointer).is_some(),
                "{reference} leads nowhere"
            );
        }
    }
}
