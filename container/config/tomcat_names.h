/* SPDX-License-Identifier: Apache-2.0
 * Names that Tomcat's server.xml and context.xml have and cserv does not serve, for the tables of
 * schema_server.c only. LATER: without effect yet, a WARN; behind '=' stands the value that asks for
 * what cserv does anyway. JVM: no meaning here, now or ever. Blanks between. */
#ifndef CONFIG_TOMCAT_NAMES_H
#define CONFIG_TOMCAT_NAMES_H

#define SERVER_LATER          "address port=-1 portOffset=0"
#define SERVER_JVM            "className periodicEventDelay shutdown utilityThreads utilityThreadsAsDaemon"
#define SERVER_LATER_CHILDREN "Listener"
#define SERVER_JVM_CHILDREN   "GlobalNamingResources"

#define SERVICE_LATER          "gracefulStopAwaitMillis"
#define SERVICE_JVM            "className"
#define SERVICE_LATER_CHILDREN "Listener"

#define EXECUTOR_JVM \
    "className daemon namePrefix prestartminSpareThreads threadPriority threadRenewalDelay"
#define EXECUTOR_LATER_CHILDREN "Listener"

#define CONNECTOR_LATER                                                                        \
    "URIEncoding=UTF-8 allowBackslash=false asyncTimeout bindOnInit=true "                     \
    "clientCertProvider compressibleMimeType compression=off compressionMinSize "              \
    "connectionLinger=-1 connectionUploadTimeout continueResponseTiming=immediately "          \
    "defaultSSLHostConfigName disableUploadTimeout=true enableLookups=false "                  \
    "encodedReverseSolidusHandling executorTerminationTimeoutMillis "                          \
    "maxHttpResponseHeaderSize maxSavePostSize "                                               \
    "noCompressionEncodings noCompressionUserAgents parseBodyMethods=POST redirectPort "       \
    "restrictedUserAgents serverRemoveAppProvidedValues=false sniParseLimit socket.ooBInline " \
    "socket.soKeepAlive=false socket.soLingerOn=false socket.soLingerTime "                    \
    "socket.soReuseAddress socket.soTimeout socket.tcpNoDelay=true strictSni throwOnFailure "  \
    "unixDomainSocketPathPermissions useBodyEncodingForURI=false useIPVHosts=false "           \
    "useInheritedChannel=false useKeepAliveResponseHeader useSendfile xpoweredBy=false"
#define CONNECTOR_JVM                                                                         \
    "acceptorThreadPriority className discardFacades enforceEncodingInGetWriter "             \
    "pollerThreadPriority processorCache rejectIllegalHeader selectorTimeout "                \
    "socket.appReadBufSize socket.appWriteBufSize socket.bufferPool socket.bufferPoolSize "   \
    "socket.directBuffer socket.directSslBuffer socket.eventCache "                           \
    "socket.performanceBandwidth socket.performanceConnectionTime socket.performanceLatency " \
    "socket.processorCache socket.timeoutInterval socket.unlockTimeout threadPriority "       \
    "useAsyncIO useVirtualThreads"
#define CONNECTOR_LATER_CHILDREN "Listener SSLHostConfig UpgradeProtocol"

#define ENGINE_LATER          "jvmRoute"
#define ENGINE_JVM            "backgroundProcessorDelay className startStopThreads"
#define ENGINE_LATER_CHILDREN "Cluster Listener Realm"

#define HOST_LATER                                          \
    "autoDeploy=false copyXML=false errorReportValveClass " \
    "undeployOldVersions=false workDir xmlBase"
#define HOST_JVM                                                                 \
    "backgroundProcessorDelay className configClass contextClass legacyAppBase " \
    "startStopThreads unpackWARs"
#define HOST_LATER_CHILDREN "Cluster Listener Realm"

#define CONTEXT_LATER                                                                    \
    "allowCasualMultipartParsing=false allowMultipleLeadingForwardSlashInPath=false "    \
    "cookies createUploadTargets=false crossContext=false dispatchersUseEncodedPaths "   \
    "encodedReverseSolidusHandling encodedSolidusHandling "                              \
    "fireRequestListenersOnForwards=false logEffectiveWebXml=false "                     \
    "mapperContextRootRedirectEnabled=true mapperDirectoryRedirectEnabled=false "        \
    "preemptiveAuthentication privileged=false reloadable=false sendRedirectBody=false " \
    "sessionCookieDomain sessionCookieName sessionCookiePath "                           \
    "sessionCookiePathUsesTrailingSlash sessionTimeout swallowAbortedUploads "           \
    "swallowOutput=false unloadDelay urlPatternsProvidedInDecodedForm useHttpOnly "      \
    "usePartitioned useRelativeRedirects validateClientProvidedNewSessionId webappVersion workDir"
#define CONTEXT_JVM                                                                           \
    "addWebinfClassesResources alwaysAccessSession antiJARLocking antiResourceLocking "       \
    "backgroundProcessorDelay className clearReferencesHttpClientKeepAliveThread "            \
    "clearReferencesObjectStreamClassCaches clearReferencesRmiTargets "                       \
    "clearReferencesStopThreads clearReferencesStopTimerThreads clearReferencesThreadLocals " \
    "containerSciFilter contextGetResourceRequiresSlash dispatcherWrapsSameObject "           \
    "ignoreAnnotations jndiExceptionOnFailedWrite notFoundClassResourceCacheSize "            \
    "parallelAnnotationScanning renewThreadsWhenStoppingContext resourceOnlyServlets "        \
    "skipMemoryLeakChecksOnJvmShutdown suspendWrappedResponseAfterForward tldValidation "     \
    "unpackWAR useBloomFilterForArchives useNaming wrapperClass xmlBlockExternal "            \
    "xmlNamespaceAware xmlValidation"
#define CONTEXT_LATER_CHILDREN "CookieProcessor Listener Manager Realm Resources"
#define CONTEXT_JVM_CHILDREN                                                   \
    "EJB Ejb JarScanner Loader LocalEjb Resource ResourceEnvRef ResourceLink " \
    "ServiceRef Transaction WatchedResource WrapperLifecycle WrapperListener"

#endif
