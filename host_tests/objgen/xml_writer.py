"""OMA object XML from facts, for the tests of its reader."""

from xml.sax.saxutils import escape

OBJECT = """<?xml version="1.0" encoding="utf-8"?>
<!-- a comment -->
<LWM2M>
  <Object ObjectType="MODefinition">
    <Name>%s</Name>
    <Description1>what the registry leaves out</Description1>
    <ObjectID>%d</ObjectID>
    <ObjectURN>%s</ObjectURN>
    <LWM2MVersion>%s</LWM2MVersion>
    <ObjectVersion>%s</ObjectVersion>
    <MultipleInstances>%s</MultipleInstances>
    <Mandatory>%s</Mandatory>
    <Resources>
%s    </Resources>
    <Description2/>
  </Object>
</LWM2M>
"""
ITEM = """      <Item ID="%d">
        <Name>
          %s
        </Name>
        <Operations>%s</Operations>
        <MultipleInstances>%s</MultipleInstances>
        <Mandatory>%s</Mandatory>
        <Type>%s</Type>
        <RangeEnumeration>%s</RangeEnumeration>
        <Units>%s</Units>
        <Description>what the registry leaves out</Description>
      </Item>
"""


def nature(thing):
    """The words for multiple and mandatory."""
    return (
        "Multiple" if thing.multiple else "Single",
        "Mandatory" if thing.mandatory else "Optional",
    )


def item(resource):
    """A Resource as XML."""
    texts = [resource.type, resource.range, resource.units]
    head = (resource.id, escape(resource.name), resource.operations, *nature(resource))
    return ITEM % (*head, *map(escape, texts))


def xml(thing):
    """An Object as XML."""
    head = (escape(thing.name), thing.id, thing.urn(), thing.lwm2m, thing.version)
    return OBJECT % (*head, *nature(thing), "".join(map(item, reversed(thing.resources))))
