//! Which filters are the same.

use super::*;

#[test]
fn pairs_of_filters_are_told_apart_or_found_equal() {
    use Comparison::{CanonicallyEqual, Different, TextuallyEqual};
    for (a, b, expected) in [
        (r#"{"a":1}"#, r#"{ "a" : 1 }"#, TextuallyEqual),
        (r#"{"a":"x y"}"#, r#"{"a":"xy"}"#, TextuallyEqual),
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, CanonicallyEqual),
        (r#"{"a":1,"b":2}"#, r#"{"$and":[{"b":2},{"a":1}]}"#, CanonicallyEqual),
        (r#"{"a.b":1}"#, r#"{"a":{"b":1}}"#, CanonicallyEqual),
        (r#"{"a":{"$gt":1,"$lt":5}}"#, r#"{"$and":[{"a":{"$lt":5}},{"a":{"$gt":1}}]}"#, CanonicallyEqual),
        (r#"{"$or":[{"a":1}]}"#, r#"{"a":{"$eq":1}}"#, CanonicallyEqual),
        (r#"{"a":{"$ne":1}}"#, r#"{"a":{"$not":{"$eq":1}}}"#, CanonicallyEqual),
        (r#"{"a":{"$nin":[2,1,1]}}"#, r#"{"$nor":[{"a":{"$in":[1,2]}}]}"#, CanonicallyEqual),
        (r#"{"a":{"$all":[1,2]}}"#, r#"{"$and":[{"a":1},{"a":2}]}"#, CanonicallyEqual),
        (r#"{"a":12}"#, r#"{"a":12.0}"#, CanonicallyEqual),
        (r#"{"a":0}"#, r#"{"a":-0}"#, CanonicallyEqual),
        (
            r#"{"createdAt":{"$gt":"2024-03-31"}}"#,
            r#"{"createdAt":{"$gt":"2024-03-31T02:00:00+02:00"}}"#,
            CanonicallyEqual,
        ),
        (
            r#"{"metadata.user.d":{"$gt":"2024-03-31"}}"#,
            r#"{"metadata.user.d":{"$gt":"2024-03-31T00:00:00Z"}}"#,
            Different,
        ),
        (
            r#"{"a":{"$regex":"x","$options":"im"}}"#,
            r#"{"a":{"$regex":"x","$options":"mi"}}"#,
            CanonicallyEqual,
        ),
        (r#"{"a":{"$eq":{"x":1,"y":2}}}"#, r#"{"a":{"$eq":{"y":2,"x":1}}}"#, CanonicallyEqual),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, Different),
        (r#"{"a":"x*"}"#, r#"{"a":{"$eq":"x*"}}"#, Different),
        (r#"{"a":1}"#, r#"{"a":"1"}"#, Different),
        (r#"{"a":{"$gt":1}}"#, r#"{"a":{"$not":{"$lte":1}}}"#, Different),
        (r#"{"a":{"$in":[]}}"#, r#"{"$nor":[{}]}"#, CanonicallyEqual),
        (r#"{}"#, r#"{"hidden":false,"type":"file"}"#, CanonicallyEqual),
        (r#"{"filter":{}}"#, r#"{}"#, CanonicallyEqual),
        (r#"{"filter":{},"resource":"items","page":3,"pageSize":5}"#, r#"{"filter":{}}"#, CanonicallyEqual),
        (r#"{"filter":{},"resource":"annotations"}"#, r#"{"filter":{}}"#, Different),
        (r#"{"filter":{},"sort":{"name":"ascending"}}"#, r#"{"filter":{}}"#, CanonicallyEqual),
        (r#"{"filter":{},"limit":5,"sort":{"name":"ascending"}}"#, r#"{"filter":{},"limit":5}"#, Different),
        (r#"{"filter":{},"skip":0}"#, r#"{"filter":{}}"#, CanonicallyEqual),
        (
            r#"{"filter":{},"context":{"datasets":["a","b"]}}"#,
            r#"{"filter":{},"context":{"datasets":["b","a"]}}"#,
            CanonicallyEqual,
        ),
        (
            r#"{"filter":{},"except":{"query":{"filter":{"a":1}}}}"#,
            r#"{"filter":{},"except":{"query":{"filter":{"$and":[{"a":1}]}}}}"#,
            CanonicallyEqual,
        ),
        (
            r#"{"filter":{},"except":{"query":{"filter":{"a":1}}}}"#,
            r#"{"filter":{},"intersect":{"query":{"filter":{"a":1}}}}"#,
            Different,
        ),
    ] {
        assert_eq!(compare(a, b).unwrap(), expected, "{a} and {b}");
        assert_eq!(compare(b, a).unwrap(), expected, "{b} and {a}");
    }
    assert!(compare("{}", "{").is_err() && compare("{", "{").is_err());
}
