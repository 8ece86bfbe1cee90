"""Static files in production: names that carry a digest, compressed once, served by WhiteNoise."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites the imports of ES modules to the names with digests, so that no bundler is needed."""

    support_js_module_import_aggregation = True
