"""Protected tables → what people see."""
