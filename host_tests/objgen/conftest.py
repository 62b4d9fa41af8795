"""XML made from the registry, and the files inside Leshan's jars."""

import importlib
import os
import zipfile

import pytest
from tools.devserver.engines.leshan import jars
from tools.devserver.errors import EngineUnavailable
from tools.objgen import registry
from xml_writer import xml


def unavailable(error):
    """In CI a Leshan that cannot be had is a failure; elsewhere a skip with the reason."""
    if os.environ.get("CI"):
        raise error
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def leshan_files():
    """The object files of Leshan by name, current and old versions."""
    try:
        paths = jars.fetch()
    except (EngineUnavailable, ImportError) as error:
        unavailable(error)
    core = next(path for path in paths if "leshan-lwm2m-core" in path)
    with zipfile.ZipFile(core) as jar:
        names = [each for each in jar.namelist() if each.startswith("models/") and ".xml" in each]
        return {each: jar.read(each) for each in names}


@pytest.fixture(scope="session")
def jvm():
    """The JVM in this process."""
    try:
        jars.start_jvm()
        importlib.import_module("jpype.imports")  # so that tests import Java's classes
    except EngineUnavailable as error:
        unavailable(error)


@pytest.fixture(scope="session")
def whole_registry(tmp_path_factory):
    """A directory with an XML file for each Object of the registry."""
    directory = tmp_path_factory.mktemp("whole")
    for thing in registry.load():
        (directory / ("%d.xml" % thing.id)).write_text(xml(thing), "utf-8")
    return directory
