-- The application's roles and database (guide, step 3), and who replicates; run again, it changes nothing but passwords.
SET log_min_error_statement = panic;
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY[:'owner', :'login']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) GROUP BY name \gexec
SELECT 'CREATE ROLE replicator LOGIN REPLICATION' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \gexec
ALTER ROLE :"login" PASSWORD :'login_password';
ALTER ROLE replicator PASSWORD :'replicator_password';
SELECT format('GRANT %I TO %I', :'owner', :'login'), format('ALTER ROLE %I SET role = %I', :'login', :'owner')
WHERE :'owner' <> :'login' \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
GRANT ALL PRIVILEGES ON DATABASE :"database" TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
-- What pg_rewind asks of a primary.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text),
    pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
