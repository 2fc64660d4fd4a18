ALTER TABLE `graph_versions` ADD `publication` integer DEFAULT 0;--> statement-breakpoint
ALTER TABLE `graph_versions` ADD `published_at` integer;--> statement-breakpoint
ALTER TABLE `graph_versions` ADD `published_by` text;--> statement-breakpoint
CREATE INDEX `graph_versions_current` ON `graph_versions` (`tenant`,`graph_id`,`publication`,`version`);