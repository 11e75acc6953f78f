//! The lesson format's JSON Schema, generated from the types of [`crate::format`].
//!
//! Editors complete and check `lesson.yaml` with it. What a schema cannot say (exactly one place, unique ids) is
//! checked by [`crate::parse`].

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::drill::{Compared, DrillHeader, StepHeader};
use crate::format::{CheckHeader, FieldExpected, Header, Matcher, Matchers, Place};

/// The schema of a whole `lesson.yaml`.
pub fn lesson_schema() -> Value {
    let mut generator = SchemaGenerator::default();
    let mut lesson = Header::json_schema(&mut generator);
    add_property(&mut lesson, "checks", check_list(&mut generator));
    require(&mut lesson, "checks");
    whole(lesson, "A lesson of the course", &mut generator)
}

/// The schema of a whole `drills/NAME.yaml`.
pub fn drill_schema() -> Value {
    let mut generator = SchemaGenerator::default();
    let mut expectation = look(&mut generator);
    let compared = generator.subschema_for::<Compared>();
    for (name, property) in properties(&map_of_variants(compared, &mut generator)) {
        add_property(&mut expectation, &name, schema_of(property));
    }
    let title = schemars::json_schema!({
        "type": "string",
        "description": "What is true when it passes, as a sentence without a full stop.",
    });
    add_property(&mut expectation, "title", title);
    require(&mut expectation, "title");
    let mut step = StepHeader::json_schema(&mut generator);
    let expect = schemars::json_schema!({
        "type": "array",
        "description": "What has to be true afterwards, all of it at the same moment.",
        "items": expectation.to_value(),
    });
    add_property(&mut step, "expect", expect);
    let mut drill = DrillHeader::json_schema(&mut generator);
    let steps = schemars::json_schema!({"type": "array", "minItems": 1, "items": step.to_value()});
    add_property(&mut drill, "steps", steps);
    require(&mut drill, "steps");
    whole(drill, "A drill of a lesson", &mut generator)
}

/// A whole schema with its definitions.
fn whole(schema: Schema, title: &str, generator: &mut SchemaGenerator) -> Value {
    let mut schema = schema.to_value();
    if let Some(object) = schema.as_object_mut() {
        let dialect = "https://json-schema.org/draft/2020-12/schema";
        object.insert("$schema".into(), json!(dialect));
        object.insert("title".into(), json!(title));
        object.insert(
            "$defs".into(),
            Value::Object(generator.take_definitions(true)),
        );
    }
    schema
}

fn check_list(generator: &mut SchemaGenerator) -> Schema {
    let look = look(generator);
    let mut check = CheckHeader::json_schema(generator);
    for (name, property) in properties(&look) {
        add_property(&mut check, &name, schema_of(property));
    }
    schemars::json_schema!({"type": "array", "minItems": 1, "items": check.to_value()})
}

/// A place and matchers, or several of them; also kept as the definition `Look`.
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
    generator
        .definitions_mut()
        .insert("Look".into(), look.clone().to_value());
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
    use crate::drill::COMPARED_KEYS;
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
        assert_eq!(keys::<Compared>(), COMPARED_KEYS);
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
    fn every_reference_of_a_schema_leads_somewhere() {
        for schema in [lesson_schema(), drill_schema()] {
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

    #[test]
    fn an_expectation_of_the_schema_knows_places_matchers_and_comparisons() {
        let schema = drill_schema();
        let pointer = "/properties/steps/items/properties/expect/items/properties";
        let expectation = schema
            .pointer(pointer)
            .expect("expectations have properties");
        for key in COMPARED_KEYS.into_iter().chain(["title", "exec", "stdout"]) {
            assert!(expectation.get(key).is_some(), "{key} is missing");
        }
    }
}
