"""What Cairn runs on: resources, packaging, and the laptop's stack in infra/local/."""
