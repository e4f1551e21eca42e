/** The version of this program, put in by the build from package.json. */
export const release = process.env.INKLOOM_VERSION ?? 'unbuilt';
