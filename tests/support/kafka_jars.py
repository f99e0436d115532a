"""Fetching the broker's jars from Maven Central, once, and the Java command that runs on them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from tests.support.kafka_broker import KAFKA_VERSION, UnavailableError

POM = Path(__file__).with_name("kafka") / "pom.xml"
CACHE = Path(__file__).parents[2] / ".cache" / f"kafka-{KAFKA_VERSION}"
MAVEN_S = 600

JVM_FLAGS = (
    # A test broker lives for seconds: a quick start is worth more than the fastest code.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


def java_command(heap_mb: int = 768) -> list[str]:
    """What runs a class of the broker's; raises UnavailableError without a JVM or its jars."""
    return [java(), f"-Xmx{heap_mb}m", *JVM_FLAGS, "-cp", f"{kafka_jars()}/*"]


def java() -> str:
    """The program; raises UnavailableError where there is none."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        raise UnavailableError("no java in JAVA_HOME or on the PATH")
    return found


def kafka_jars() -> Path:
    """The folder with the broker's jars, fetched by Maven if it is missing or incomplete."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test processes fetch once; freed by closing
        libs = CACHE / "libs"
        if not is_complete(libs):
            fetch_jars(libs)
    return libs


def is_complete(libs: Path) -> bool:
    listed = libs / "jars.txt"
    return listed.exists() and all((libs / name).exists() for name in listed.read_text().split())


def fetch_jars(libs: Path) -> None:
    """Copies next door and renames, so that a fetch cut short never looks complete."""
    part = libs.with_name("libs.part")
    shutil.rmtree(part, ignore_errors=True)
    run_maven("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}")
    (part / "jars.txt").write_text("\n".join(sorted(jar.name for jar in part.glob("*.jar"))))
    shutil.rmtree(libs, ignore_errors=True)
    part.rename(libs)


def run_maven(*arguments: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("no mvn on the PATH to fetch the broker's jars")
    command = [maven, "-q", "-B", "-C", "-f", str(POM), f"-Dkafka.version={KAFKA_VERSION}", *arguments]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=MAVEN_S)
    except subprocess.CalledProcessError as error:
        raise UnavailableError(f"Maven could not fetch the broker's jars: {error.stdout[-1000:]}") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"Maven did not fetch the broker's jars within {MAVEN_S} s") from error
