// npm's lwm2m-node-lib as a server: a command per line of JSON on stdin, a line per answer or event.
'use strict';

const lwm2m = require('lwm2m-node-lib').server;

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const config = {
  port: Number(process.argv[2]),
  lifetimeCheckInterval: 1000,
  udpWindow: 100,
  defaultType: 'Device',
  types: [],
  logLevel: 'FATAL',
  ipProtocol: 'udp4',
  serverProtocol: 'udp4',
  formats: [{name: 'application-vnd-oma-lwm2m/tlv', value: 11542}],
  writeFormat: 'text/plain',
  defaultAcceptFormat: 'text/plain',
};

lwm2m.start(config, (error, info) => {
  if (error) {
    say({event: 'error', text: String(error)});
    process.exit(1);
  }
  lwm2m.setHandler(info, 'registration', (endpoint, lifetime, version, binding, payload, done) => {
    say({event: 'registered', endpoint, lifetime, version, payload});
    done();
  });
  lwm2m.setHandler(info, 'updateRegistration', (device, payload, done) => {
    say({event: 'updated', endpoint: device.name, lifetime: device.lifetime});
    done();
  });
  lwm2m.setHandler(info, 'unregistration', (device, done) => {
    say({event: 'deregistered', endpoint: device.name});
    done();
  });
  say({event: 'ready'});
});

// {"id", "endpoint", "op": a function of the library, "args": what it takes after the device}
require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const {id, endpoint, op, args} = JSON.parse(line);
  lwm2m.getDevice(endpoint, (missing, device) => {
    if (missing) {
      say({id, error: missing.name});
      return;
    }
    const heard = (value, object, instance, resource) =>
      say({event: 'notified', endpoint, path: [object, instance, resource].join('/'), value});
    const more = op === 'observe' ? [heard] : [];
    lwm2m[op](device.id, ...args, ...more, (error, result) =>
      say(error ? {id, error: error.name} : {id, result}));
  });
});
