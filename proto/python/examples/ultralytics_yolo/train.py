"""Ultralytics YOLO, wrapped: its own training loop, with the server's stops, checkpoints, charts and pictures."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from ultralytics import YOLO

import trainyard


class Yolo(trainyard.Adapter):
    suffix = ".pt"

    def load(self, weights: Path | None) -> None:
        self.model = YOLO(weights) if weights else None

    def save(self, folder: Path) -> None:
        shutil.copy(self.model.trainer.best, folder / "best.pt")

    def train(self, job: trainyard.Job, run: trainyard.Run) -> None:
        run.device(torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU")
        variant = job.variant.strip("-")
        self.model = YOLO(job.resume) if job.resume else self.model or YOLO(f"yolov8{variant}.yaml")

        def batch_ended(trainer) -> None:
            run.raise_if_stopped()
            run.progress(trainer.epoch + 1, trainer.epochs)

        def epoch_ended(trainer) -> None:
            losses = trainer.label_loss_items(trainer.tloss, prefix="train")
            for key, value in {**losses, **trainer.metrics}.items():
                legend, _, figure = key.partition("/")
                run.sample(figure, legend, trainer.epoch + 1, float(value))
            if trainer.epoch + 1 < trainer.epochs:  # From a state after the last epoch it does not go on.
                run.checkpoint(trainer.last, trainer.epoch + 1)

        self.model.add_callback("on_train_batch_end", batch_ended)
        self.model.add_callback("on_model_save", epoch_ended)
        settings = {"batch" if key == "batch_size" else key: value for key, value in job.configuration.items()}
        folder = job.output_dir / "yolo"
        self.model.train(
            data=job.yolo_yaml(), save_dir=folder, resume=bool(job.resume), amp=False, plots=False, **settings
        )

    def predict(self, images: Sequence[trainyard.Image]) -> list[list[trainyard.Prediction]]:
        results = self.model.predict([image.path for image in images], conf=0.001, verbose=False)
        rows = [zip(one.boxes.cls.int().tolist(), one.boxes.conf.tolist(), one.boxes.xyxy.tolist()) for one in results]
        return [[trainyard.Prediction(label, score, *box) for label, score, box in row] for row in rows]


if __name__ == "__main__":
    trainyard.run(Yolo)
