"""Background tasks that go on for as long as their server: begun anew when they fail, counted, and named."""
