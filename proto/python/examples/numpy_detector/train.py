"""A detector that learns which colours belong to which class, and takes patches of a class for objects."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pixels import Floats, patches, read_png
from score import average_precision

import trainyard


class Detector(trainyard.Adapter):
    """Softmax regression over the colour of a pixel; the last class is the background."""

    def load(self, weights: Path | None) -> None:
        self.weights = np.load(weights) if weights else None

    def save(self, folder: Path) -> None:
        np.save(folder / "best.npy", self.weights)

    def train(self, job: trainyard.Job, run: trainyard.Run) -> None:
        run.device("NumPy " + np.__version__)
        settings, classes = job.configuration, len(job.labels)
        if self.weights is None or self.weights.shape[1] != classes + 1:
            # Knowing nothing, every pixel is a little more likely to be of some class by chance.
            self.weights = np.random.default_rng(settings.seed).normal(0, 0.01, (features_count(), classes + 1))
        done = 0
        if job.resume:
            state = np.load(job.resume)
            self.weights, done = state["weights"], int(state["epoch"])
        for epoch in run.epochs(settings.epochs, done):
            order = np.random.default_rng((settings.seed, epoch)).permutation(len(job.train))
            images = job.train.images()
            losses = [self.step(images[index], settings.learning_rate) for index in run.steps(order)]
            run.samples("train", epoch, pixel_loss=np.mean(losses))
            found = self.predict(job.validation.images())
            scores = average_precision(job.validation.images(), found, classes)
            run.sample("mAP50(B)", "metrics", epoch, scores[0])
            run.sample("mAP50-95(B)", "metrics", epoch, np.mean(scores))
            run.predictions(found, epoch)
            state_path = job.output_dir / "checkpoint.npz"
            np.savez(state_path, weights=self.weights, epoch=epoch)
            run.checkpoint(state_path, epoch)

    def step(self, image: trainyard.Image, rate: float) -> float:
        """One step of gradient descent with the pixels of an image; answers the loss before it."""
        pixels = features(read_png(image.path))
        truth = np.full((image.height, image.width), self.weights.shape[1] - 1)
        for box in image.boxes:
            truth[round(box.y1) : round(box.y2), round(box.x1) : round(box.x2)] = box.label
        truth = truth.ravel()
        sure = softmax(pixels @ self.weights)
        rows = np.arange(len(truth))
        loss = float(-np.log(sure[rows, truth] + 1e-12).mean())
        sure[rows, truth] -= 1
        self.weights -= rate * pixels.T @ sure / len(truth)
        return loss

    def predict(self, images: Sequence[trainyard.Image]) -> list[list[trainyard.Prediction]]:
        return [self.objects(read_png(image.path)) for image in images]

    def objects(self, picture: Floats) -> list[trainyard.Prediction]:
        """Patches of one class, as boxes around them."""
        height, width, _ = picture.shape
        sure = softmax(features(picture) @ self.weights).reshape(height, width, -1)
        found = []
        for mask in patches(sure.argmax(axis=2), background=sure.shape[2] - 1):
            rows, columns = np.nonzero(mask)
            mean = sure[mask].mean(axis=0)
            corners = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            found.append(trainyard.Prediction(int(mean.argmax()), float(mean.max()), *map(float, corners)))
        return found


def features(picture: Floats) -> Floats:
    """Each pixel's colour, its products, and a one."""
    flat = picture.reshape(-1, 3) * 2 - 1
    products = [flat[:, a] * flat[:, b] for a, b in ((0, 1), (0, 2), (1, 2))]
    return np.column_stack([flat, flat**2, *products, np.ones(len(flat))])


def features_count() -> int:
    """How many `features` gives for a pixel."""
    return features(np.zeros((1, 1, 3))).shape[1]


def softmax(values: Floats) -> Floats:
    """Rows of numbers as probabilities."""
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


if __name__ == "__main__":
    trainyard.run(Detector)
