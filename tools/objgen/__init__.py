"""OMA object XML, or an entry of the registry, to an Object of lib/lwm2m."""
