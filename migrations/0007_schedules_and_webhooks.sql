CREATE TABLE `schedulers` (
	`tenant` text NOT NULL,
	`name` text NOT NULL,
	`due_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `name`)
);
--> statement-breakpoint
CREATE INDEX `schedulers_due` ON `schedulers` (`due_at`);--> statement-breakpoint
CREATE TABLE `webhook_secrets` (
	`tenant` text PRIMARY KEY NOT NULL,
	`secret` text NOT NULL,
	`previous` text,
	`previous_until` integer,
	`created_at` integer NOT NULL
);
