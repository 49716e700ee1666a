// Names of tracks and classes, from the list of all combinations.

export class Combinations {
  constructor({ results }) {
    this.tracks = new Map(results.map((one) => [one.track_id, one.track]));
    this.classes = new Map(results.map((one) => [one.class_id, one.class_name]));
  }

  track({ track_id: id }) {
    return this.tracks.get(id) ?? `Track ${id}`;
  }

  // An entry brings its class's name along, as the service calls it; the catalogue's comes first.
  class({ class_id: id, car_class: name }) {
    return this.classes.get(id) ?? name ?? `Class ${id}`;
  }
}
