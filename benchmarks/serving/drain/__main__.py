"""Print the table of docs/operations.md."""

from benchmarks.serving.drain import planes, workers

print("| stopped | calls | SIGTERM to exit | longest call |\n|---|---|---|---|")
for line in (*workers.lines(), *planes.lines()):
    print(f"| {' | '.join(line)} |", flush=True)
