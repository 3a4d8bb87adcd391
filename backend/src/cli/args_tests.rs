//! What can be typed, and what is refused before anything happens.

use super::*;
use clap::{CommandFactory, error::ErrorKind};
use shared::config::detection_schema;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn every_documented_line_is_understood() {
    let lines = [
        "trainyard serve",
        "trainyard serve --data /tmp/x --listen 127.0.0.1:0 --demo",
        "trainyard dataset import /data/bccd --format voc --name bccd",
        "trainyard dataset import /data/x --format coco --name x --split 80/20/0 --seed 3 --json",
        "trainyard dataset list --json",
        "trainyard dataset items --dataset bccd --subset train --count",
        "trainyard dataset items --dataset bccd --filter tagged.json --count --json",
        "trainyard dataset items --dataset bccd --filter -",
        "trainyard model create --architecture yolov8n --dataset bccd --name m --set epochs=30 --set imgsz=320",
        "trainyard model create --architecture yolov8n --dataset d --name m --description x --tag a --tag b --labels a,b",
        "trainyard model create --architecture yolov8n --dataset d --name m --train-filter t.json --weights-of n",
        "trainyard model create --architecture yolov8n --dataset d --name m --weights w.safetensors",
        "trainyard model create --architecture yolov8n --dataset d --name m --predefined-labels",
        "trainyard model list --search m",
        "trainyard model list --status pre-trained --architecture yolov8 --dataset d --tag a --deleted --json",
        "trainyard model clone m --name n --labels a,b --with-weights",
        "trainyard model update m --name n --no-tags",
        "trainyard model update m --tag a --tag b --description x",
        "trainyard model delete m",
        "trainyard model restore 0190a5b0-0000-7000-8000-000000000001 --json",
        "trainyard recipe list --dataset d",
        "trainyard recipe create --dataset d --title t --labels car=#2b6fe0,vehicle.bus",
        "trainyard recipe update t --dataset d --description x",
        "trainyard recipe delete t --dataset d",
        "trainyard train m --check --train-filter t.json --validation-filter v.json --labels a,b --dataset d",
        "trainyard trainings snapshot m --json",
        "trainyard trainings snapshot m --items validation --json",
        "trainyard train m --set epochs=3 --follow --json",
        "trainyard train again --repeat m --follow",
        "trainyard train m --check --secret TOKEN --service execution_timeout_secs=7200 --train-annotations a.json",
        "trainyard trainings --status in-progress --status success --search m --json",
        "trainyard abort m",
        "trainyard remove m --json",
        "trainyard restore m",
        "trainyard logs m --follow",
        "trainyard metrics m --json --figure mAP50(B)",
        "trainyard artifacts pull m --to out",
        "trainyard artifacts list m",
        "trainyard predict m a.jpg b.png --json --out drawn --confidence 0.5",
        "trainyard evaluate coco --ground-truth gt.json --detections dt.json --json",
        "trainyard evaluate ultralytics --ground-truth gt.json --detections dt.json",
        "trainyard link --data /tmp/x",
        "trainyard link --without view-secrets --without add-secrets --json",
        "trainyard runner",
        "trainyard train-function",
    ];
    for line in lines {
        if let Err(error) = parse(line) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn wrong_lines_are_bad_usage() {
    let lines = [
        "trainyard",
        "trainyard nonsense",
        "trainyard serve --listen nowhere",
        "trainyard dataset import /data --format tiff --name x",
        "trainyard dataset import /data --format voc --name x --split 80/30/0",
        "trainyard dataset import /data --format voc --name x --split 80/20",
        "trainyard dataset items --dataset bccd --filter",
        "trainyard model create --architecture yolov8n --dataset d --name m --set epochs",
        "trainyard model create --architecture yolov8n --dataset d --name m --weights-of a --weights b",
        "trainyard model update m",
        "trainyard model update m --tag a --no-tags",
        "trainyard model list --status asleep",
        "trainyard recipe create --dataset d --title t",
        "trainyard recipe create --dataset d --title t --labels =#112233",
        "trainyard train m --check --follow",
        "trainyard train m --repeat n --set epochs=3",
        "trainyard train m --repeat n --train-filter t.json",
        "trainyard model clone m --name n --same-start --with-weights",
        "trainyard train m --service max_attempts",
        "trainyard trainings --json snapshot m",
        "trainyard trainings snapshot m --items all",
        "trainyard trainings --status asleep",
        "trainyard evaluate coco --ground-truth gt.json",
        "trainyard evaluate voc --ground-truth gt.json --detections dt.json",
        "trainyard predict m",
        "trainyard predict m a.jpg --confidence 2",
        "trainyard abort",
    ];
    for line in lines {
        let error = parse(line).map(|_| ()).unwrap_err();
        assert_ne!(error.kind(), ErrorKind::DisplayHelp, "{line}");
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn settings_take_the_type_of_their_key() {
    let given = ["epochs=1", "epochs=30", "lr0=.5", "optimizer=SGD"].map(|text| parse_setting(text).unwrap());
    let object = object_from_settings(detection_schema(), &given).unwrap();
    assert_eq!(Value::Object(object), serde_json::json!({"epochs": 30, "lr0": 0.5, "optimizer": "sgd"}));
}

#[test]
fn all_settings_that_cannot_be_used_are_named() {
    let given = ["epochs=0", "epoch=3", "imgsz=320"].map(|text| parse_setting(text).unwrap());
    let problems = object_from_settings(detection_schema(), &given).unwrap_err();
    assert!(problems.contains("`epochs`: 0 is too small"), "{problems}");
    assert!(problems.contains("did you mean `epochs`?"), "{problems}");
    for text in ["=3", "epochs", ""] {
        assert!(parse_setting(text).is_err(), "{text}");
    }
}

#[test]
fn the_place_can_stand_anywhere() {
    let before = parse("trainyard --server http://127.0.0.1:1 trainings").unwrap();
    let after = parse("trainyard trainings --server http://127.0.0.1:1").unwrap();
    assert_eq!(before.place.server, after.place.server);
}
