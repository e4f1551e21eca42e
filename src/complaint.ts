/**
 * Expected trouble, addressed to the user. The text is final: it is printed as it is, with a newline.
 * Thrown by pure code and by command handlers; caught by the interpreter and at a program's top.
 * Anything else thrown is a defect of ours.
 */
export class Complaint extends Error {
	override readonly name = 'Complaint';
	/** The original prints most refusals on standard output, and what perror says on standard error. */
	readonly stream: 'stdout' | 'stderr';
	/** The exit status this asks for where it ends a program (sysexits for delivery). */
	readonly status: number;

	constructor(text: string, stream: 'stdout' | 'stderr' = 'stdout', status = 1) {
		super(text);
		this.stream = stream;
		this.status = status;
	}
}

/** Thrown at a checkpoint after ^C; ends the command at hand, not the program. */
export class Interrupted extends Error {
	override readonly name = 'Interrupted';
}

const reasons: Record<string, string> = {
	ENOENT: 'No such file or directory',
	EACCES: 'Permission denied',
	EPERM: 'Operation not permitted',
	EISDIR: 'Is a directory',
	ENOTDIR: 'Not a directory',
	EEXIST: 'File exists',
	ENOSPC: 'No space left on device',
	EDQUOT: 'Disk quota exceeded',
	EROFS: 'Read-only file system',
	EINVAL: 'Invalid argument',
	EMFILE: 'Too many open files',
	ENAMETOOLONG: 'File name too long',
	ELOOP: 'Too many levels of symbolic links',
	ETXTBSY: 'Text file busy',
	EIO: 'Input/output error',
	EXDEV: 'Invalid cross-device link',
	ENOTEMPTY: 'Directory not empty',
	EFBIG: 'File too large',
	EBUSY: 'Device or resource busy',
	EAGAIN: 'Resource temporarily unavailable',
	ECONNREFUSED: 'Connection refused',
	ETIMEDOUT: 'Connection timed out',
	EPIPE: 'Broken pipe',
	ENXIO: 'No such device or address',
	ENODEV: 'No such device',
};

/** The words strerror(3) has for an error that Node threw, or its own message. */
export function reason(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return (code !== undefined && reasons[code]) || message;
}

/** True when Node threw because of the file system, the network or a child: not a defect of ours. */
export function isErrno(error: unknown): error is NodeJS.ErrnoException {
	// A number out of range is a defect of ours, though Node gives it a code as well.
	if (!(error instanceof Error) || error instanceof RangeError) return false;
	return typeof (error as NodeJS.ErrnoException).code === 'string';
}

/** An error as the file system would have thrown it. */
export function errno(code: string, path: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

/** What `work` gives; undefined where the file system refuses it: for what one can do without. */
export function forgiving<T>(work: () => T): T | undefined {
	try {
		return work();
	} catch (error) {
		if (isErrno(error)) return undefined;
		throw error;
	}
}
