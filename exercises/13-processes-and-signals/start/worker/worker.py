"""Takes one job after another. On SIGTERM it finishes the job in hand, says how many it has done, and ends."""

import signal
import subprocess
import time

stopping = False


def stop(number, frame):
    global stopping
    print(f"worker: {signal.Signals(number).name}, finishing the job in hand", flush=True)
    stopping = True


signal.signal(signal.SIGTERM, stop)

done = 0
print("worker: ready", flush=True)
while not stopping:
    # A job hands a part of its work to a helper and does not wait for it, as many programs do.
    subprocess.run(["sh", "-c", "sleep 0.2 &"], check=True)
    time.sleep(0.8)
    done += 1
print(f"worker: {done} jobs done, nothing lost", flush=True)
