package evidence

import (
	"strings"
)

// A client reads the codes of the errors of some packages. Nothing is imported for that:
// its judge looks at methods and fields, by their names.
type client struct {
	paths     []string // import paths without a major version; packages below them count as well
	judge     judge    // reads the codes
	ownFields bool     // fields such as Code and Status have another meaning than elsewhere
	local     bool     // its errors are not those of another system
}

// lends returns the packages whose errors are mostly those of another system.
func (c client) lends() []string {
	if c.local {
		return nil
	}
	return c.paths
}

// clients are all clients with a file of their own.
var clients = []client{
	aerospikeClients, amqpClients, cassandraClients, couchbaseClients, hanaClients, prometheusClients, pulsarClients, serviceBusClients, clickhouseClients, cloudClients, elasticClients, execClients, githubClients, googleClients,
	kafkaClients, kubernetesClients, ldapClients, mongoClients, mysqlClients, natsClients, neo4jClients, oauthClients, oracleClients,
	postgresClients, redisClients, sftpClients, smtpClients, snowflakeClients, sqliteClients, sqlServerClients, slackClients, telegramClients,
	temporalClients, frameworkClients, beanstalkClients, bitcoinClients, dnsClients, goaClients, graphqlClients, hetznerClients, ibmMQClients, imapClients,
	modbusClients, mqttClients, nsqClients, opcuaClients, schemaClients, smbClients, thriftClients, trinoClients, vaultClients, websocketClients,
}

// clientsByPath has the clients by import path.
var clientsByPath = func() map[string]client {
	m := map[string]client{}
	for _, c := range clients {
		for _, path := range c.paths {
			m[path] = c
		}
	}
	return m
}()

// clientOf returns the client of a package, or of the nearest parent directory that has
// one.
func clientOf(path string) (client, bool) {
	for path != "" {
		if c, ok := clientsByPath[path]; ok {
			return c, true
		}
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
	return client{}, false
}

// Tables are all tables, in the order of their document.
func Tables() []*Table {
	return []*Table{
		exits, statuses, grpcCodes, cloudWords, apiWords, jsonRPC, kubernetesReasons,
		sqlStates, mysql, sqlServer, oracle, hana, sqlite, clickhouse, snowflake, mongo, cassandra, couchbase, aerospike, neo4j, redisReplies, elasticTypes,
		kafka, schemaRegistry, pulsar, amqp, serviceBus, ibmMQ, jetStream, nsq, beanstalk, mqtt, smtpReplies, imap, ldap, sftp, ntStatus, dnsCodes, websocket,
		thrift, opcua, modbus, trino, prometheus, graphql, hetzner, bitcoin, chromium,
	}
}
