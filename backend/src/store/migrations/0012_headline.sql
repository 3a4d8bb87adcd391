-- The one figure that tells in the row of a training how good it is; absent before its first validation.
ALTER TABLE executions ADD COLUMN headline TEXT;
